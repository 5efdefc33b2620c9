"""A mail server that keeps what it gets: `sink.py <port> <folder> plain|starttls|implicit [login]`.

It takes no mail for `nobody@...`, none from `stranger@...`, and does as the subject says: `hang` answers never, `break` closes the
connection, `full` refuses the mail. With `login`, it lets in `me` with `open sesame`.
"""

import asyncio
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

PORT, FOLDER, MODE = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
ASKS = "login" in sys.argv[4:]


class Keeper:
    def __init__(self):
        self.count = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("stranger@"):
            return "550 5.7.1 Who are you?"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode("utf-8", "replace")
        self.count += 1
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": text, "secure": server.transport.get_extra_info("sslcontext") is not None}
        mail["login"] = session.auth_data.login.decode() if session.auth_data else None
        new = FOLDER / "new"
        new.write_text(json.dumps(mail))
        new.rename(FOLDER / f"mail-{self.count}")
        if "Subject: hang" in text:
            await asyncio.sleep(3600)
        if "Subject: break" in text:
            server.transport.abort()
        if "Subject: full" in text:
            return "552 5.2.2 The mailbox is full"
        return "250 OK"


def login(server, session, envelope, mechanism, given):
    known = given.login == b"me" and given.password == b"open sesame"
    return AuthResult(success=known, handled=False, auth_data=given if known else None)


async def main():
    context = None
    if MODE != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(FOLDER / "cert.pem", FOLDER / "key.pem")
    keeper = Keeper()

    def talk():
        return SMTP(
            keeper,
            enable_SMTPUTF8=True,
            tls_context=context if MODE == "starttls" else None,
            require_starttls=MODE == "starttls",
            authenticator=login,
            auth_required=ASKS,
            auth_require_tls=False,
        )

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", PORT, ssl=context if MODE == "implicit" else None)
    await server.serve_forever()


asyncio.run(main())
