//! The socket to a server: encrypted or not, and with an end to what it gives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Inputs;
use crate::connectors::{Failure, input};

/// What reads and writes as the server's socket, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) async fn stream(inputs: &Inputs) -> Result<Box<dyn Stream>, Failure> {
    let host = inputs.host.trim_end_matches('.');
    let socket = TcpStream::connect((host, inputs.port)).await;
    let socket = socket.map_err(|error| Failure::new(format!("REDIS: no connection ({error}).")))?;
    // One command is one packet; to wait for more of it would be all that the socket does.
    let _ = socket.set_nodelay(true);
    if !inputs.tls {
        return Ok(Box::new(socket));
    }
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Failure::new("REDIS: 'host' is no name that a certificate can be for."))?;
    let encrypted = TlsConnector::from(Arc::new(trust(inputs.cacert.as_deref())?)).connect(name, socket).await;
    encrypted.map(|stream| Box::new(stream) as Box<dyn Stream>).map_err(|error| {
        let text = error.to_string();
        Failure::new(if text.contains("certificate") {
            format!("REDIS: the server's certificate is not trusted ({text}); 'cacert' takes that of its authority.")
        } else {
            format!("REDIS: no encrypted connection ({text}); does the server offer TLS at this port?")
        })
    })
}

/// Trusts the authorities of the system, and those that are given.
fn trust(cacert: Option<&str>) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    // What of the system's cannot be read is not trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = cacert {
        let given: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(std::result::Result::ok).collect();
        if given.is_empty() {
            return Err(input::no_certificate().into());
        }
        roots.add_parsable_certificates(given);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Failure::new(format!("REDIS: no encryption can be set up ({error}).")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A stream that gives no more than so many bytes, so that no answer fills the memory.
pub(super) struct Bounded {
    pub stream: Box<dyn Stream>,
    pub left: usize,
    pub is_full: Arc<AtomicBool>,
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        match self.left.checked_sub(buffer.filled().len() - before) {
            Some(left) => self.left = left,
            None => {
                self.is_full.store(true, Ordering::Relaxed);
                return Poll::Ready(Err(io::Error::other("the answer is too large")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
