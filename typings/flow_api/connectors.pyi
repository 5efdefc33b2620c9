"""The inputs and outputs of connections, by type, for annotations: `def ask(inputs: flow_api.connectors.RestInputs) ->
flow_api.connectors.RestOutput`.

When flows run, each name is `dict`, which is what inputs and outputs are.
"""

from typing import Any, Literal, NotRequired, TypedDict

__all__ = [
    'AwsInputs',
    'AwsSomeInputs',
    'AwsOutput',
    'AzureInputs',
    'AzureSomeInputs',
    'AzureOutput',
    'AzureaiInputs',
    'AzureaiSomeInputs',
    'AzureaiOutput',
    'FtpInputs',
    'FtpSomeInputs',
    'FtpOutputFilesItem',
    'FtpOutput',
    'GitInputsClientCert',
    'GitInputs',
    'GitSomeInputsClientCert',
    'GitSomeInputs',
    'GitOutputFilesItem',
    'GitOutput',
    'GoogleInputs',
    'GoogleSomeInputs',
    'GoogleOutput',
    'ImapInputs',
    'ImapSomeInputs',
    'ImapOutput',
    'K8sInputsClientCert',
    'K8sInputs',
    'K8sSomeInputsClientCert',
    'K8sSomeInputs',
    'K8sOutput',
    'LdapInputsClientCert',
    'LdapInputs',
    'LdapSomeInputsClientCert',
    'LdapSomeInputs',
    'LdapOutput',
    'McpInputs',
    'McpSomeInputs',
    'McpOutput',
    'MsteamsInputs',
    'MsteamsSomeInputs',
    'MsteamsOutput',
    'MysqlInputs',
    'MysqlSomeInputs',
    'MysqlOutput',
    'OpenaiInputs',
    'OpenaiSomeInputs',
    'OpenaiOutput',
    'PsInputsClientCert',
    'PsInputs',
    'PsSomeInputsClientCert',
    'PsSomeInputs',
    'PsOutput',
    'RedisInputs',
    'RedisSomeInputs',
    'RedisOutput',
    'RestInputsMultipartItem',
    'RestInputsRetryBackoff',
    'RestInputsClientCert',
    'RestInputs',
    'RestOutput',
    'S3InputsClientCert',
    'S3Inputs',
    'S3SomeInputsClientCert',
    'S3SomeInputs',
    'S3OutputFilesItem',
    'S3Output',
    'ScpInputs',
    'ScpSomeInputs',
    'ScpOutput',
    'SftpInputs',
    'SftpSomeInputs',
    'SftpOutput',
    'SmbInputs',
    'SmbSomeInputs',
    'SmbOutputFilesItem',
    'SmbOutput',
    'SmtpInputsClientCert',
    'SmtpInputs',
    'SmtpSomeInputsClientCert',
    'SmtpSomeInputs',
    'SmtpOutput',
    'SoapInputsClientCert',
    'SoapInputs',
    'SoapSomeInputsClientCert',
    'SoapSomeInputs',
    'SoapOutput',
    'SqliteInputs',
    'SqliteSomeInputs',
    'SqliteOutput',
    'SqlmssqlInputs',
    'SqlmssqlSomeInputs',
    'SqlmssqlOutput',
    'SqloracleInputs',
    'SqloracleSomeInputs',
    'SqloracleOutput',
    'SqlpgInputs',
    'SqlpgSomeInputs',
    'SqlpgOutput',
    'SshInputs',
    'SshSomeInputs',
    'SshOutput',
    'VaultInputsClientCert',
    'VaultInputs',
    'VaultSomeInputsClientCert',
    'VaultSomeInputs',
    'VaultOutput',
    'WebdavInputsClientCert',
    'WebdavInputs',
    'WebdavSomeInputsClientCert',
    'WebdavSomeInputs',
    'WebdavOutputFilesItem',
    'WebdavOutput',
    'XmlrpcInputsClientCert',
    'XmlrpcInputs',
    'XmlrpcSomeInputsClientCert',
    'XmlrpcSomeInputs',
    'XmlrpcOutput',
]

class AwsInputs(TypedDict):
    """The inputs of a AWS connection: One call of a service of Amazon."""

    region: str
    """The region."""
    aws_access_key_id: str
    """The id of the key."""
    aws_secret_access_key: str
    """The key."""
    aws_session_token: NotRequired[str]
    """With a temporary key: its token."""
    endpoint_url: NotRequired[str]
    """The address of the service; Amazon's of the region unless given."""
    client: str
    """The service, such as `s3`."""
    service: NotRequired[str]
    """The call, such as `list_objects_v2`."""
    waiter: NotRequired[str]
    """Or what to wait for, such as `instance_running`."""
    parameters: NotRequired[dict[str, Any]]
    """The parameters of the call. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class AwsSomeInputs(TypedDict):
    """Some of the inputs of a AWS connection, where others come as keywords."""

    region: NotRequired[str]
    """The region."""
    aws_access_key_id: NotRequired[str]
    """The id of the key."""
    aws_secret_access_key: NotRequired[str]
    """The key."""
    aws_session_token: NotRequired[str]
    """With a temporary key: its token."""
    endpoint_url: NotRequired[str]
    """The address of the service; Amazon's of the region unless given."""
    client: NotRequired[str]
    """The service, such as `s3`."""
    service: NotRequired[str]
    """The call, such as `list_objects_v2`."""
    waiter: NotRequired[str]
    """Or what to wait for, such as `instance_running`."""
    parameters: NotRequired[dict[str, Any]]
    """The parameters of the call. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class AwsOutput(TypedDict):
    """The output of a AWS connection."""

    result: Any
    """What the service answers."""

class AzureInputs(TypedDict):
    """The inputs of a AZURE connection: One call of a service of Microsoft Azure."""

    tenant_id: str
    """The directory of the login."""
    client_id: str
    """The application of the login."""
    client_secret: str
    """Its secret."""
    scope: NotRequired[str]
    """What the token is for. Default `https://management.azure.com/.default`."""
    base_url: NotRequired[str]
    """The address of the service. Default `https://management.azure.com`."""
    method: NotRequired[Literal['get', 'post', 'put', 'patch', 'delete']]
    """The HTTP method. Default `get`."""
    path: str
    """The path of the request."""
    params: NotRequired[dict[str, Any]]
    """Query parameters."""
    json: NotRequired[Any]
    """The body, sent as JSON."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class AzureSomeInputs(TypedDict):
    """Some of the inputs of a AZURE connection, where others come as keywords."""

    tenant_id: NotRequired[str]
    """The directory of the login."""
    client_id: NotRequired[str]
    """The application of the login."""
    client_secret: NotRequired[str]
    """Its secret."""
    scope: NotRequired[str]
    """What the token is for. Default `https://management.azure.com/.default`."""
    base_url: NotRequired[str]
    """The address of the service. Default `https://management.azure.com`."""
    method: NotRequired[Literal['get', 'post', 'put', 'patch', 'delete']]
    """The HTTP method. Default `get`."""
    path: NotRequired[str]
    """The path of the request."""
    params: NotRequired[dict[str, Any]]
    """Query parameters."""
    json: NotRequired[Any]
    """The body, sent as JSON."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class AzureOutput(TypedDict):
    """The output of a AZURE connection."""

    result: Any
    """What the service answers."""

class AzureaiInputs(TypedDict):
    """The inputs of a AZUREAI connection: One answer of a language model that Microsoft Azure hosts."""

    base_url: str
    """The address of the resource."""
    token: str
    """The key of the resource."""
    api_version: NotRequired[str]
    """The version of the interface. Default `2024-10-21`."""
    model: str
    """The name of the model."""
    messages: list[Any]
    """The conversation so far: objects of `role` (`system`, `user`, `assistant` or `tool`) and `content`, as the
    interface takes them.
    """
    tools: NotRequired[list[Any]]
    """The functions that the model may ask for."""
    response_format: NotRequired[dict[str, Any]]
    """What the answer must look like."""
    temperature: NotRequired[float]
    """How freely it chooses; the model's own unless given."""
    max_tokens: NotRequired[int]
    """How long the answer may be."""
    stream: NotRequired[bool]
    """Whether the answer is logged as it comes. Default false."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class AzureaiSomeInputs(TypedDict):
    """Some of the inputs of a AZUREAI connection, where others come as keywords."""

    base_url: NotRequired[str]
    """The address of the resource."""
    token: NotRequired[str]
    """The key of the resource."""
    api_version: NotRequired[str]
    """The version of the interface. Default `2024-10-21`."""
    model: NotRequired[str]
    """The name of the model."""
    messages: NotRequired[list[Any]]
    """The conversation so far: objects of `role` (`system`, `user`, `assistant` or `tool`) and `content`, as the
    interface takes them.
    """
    tools: NotRequired[list[Any]]
    """The functions that the model may ask for."""
    response_format: NotRequired[dict[str, Any]]
    """What the answer must look like."""
    temperature: NotRequired[float]
    """How freely it chooses; the model's own unless given."""
    max_tokens: NotRequired[int]
    """How long the answer may be."""
    stream: NotRequired[bool]
    """Whether the answer is logged as it comes. Default false."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class AzureaiOutput(TypedDict):
    """The output of a AZUREAI connection."""

    message: dict[str, Any]
    """The answer: `role`, `content`, and `tool_calls` if it asks for some."""
    usage: NotRequired[dict[str, Any]]
    """How many tokens were used."""
    finish_reason: NotRequired[str]
    """Why it ended."""

class FtpInputs(TypedDict):
    """The inputs of a FTP connection: Files on an FTP server."""

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """Default 21."""
    tls: NotRequired[bool]
    """Whether the connection must be encrypted. Default true."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete']]
    """What to do. Default `list`."""
    path: str
    """The file or folder there."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends or `get` makes."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class FtpSomeInputs(TypedDict):
    """Some of the inputs of a FTP connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """Default 21."""
    tls: NotRequired[bool]
    """Whether the connection must be encrypted. Default true."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete']]
    """What to do. Default `list`."""
    path: NotRequired[str]
    """The file or folder there."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends or `get` makes."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class FtpOutputFilesItem(TypedDict):
    """Of `list`: what is there."""

    name: str
    """Its path there."""
    size: NotRequired[int]
    """Its size in bytes."""
    modified_at: NotRequired[str]
    """When it was last changed."""

class FtpOutput(TypedDict):
    """The output of a FTP connection."""

    files: NotRequired[list[FtpOutputFilesItem]]
    """Of `list`: what is there."""
    file: NotRequired[str]
    """Of `get`: the name of the FILE that was made."""
    bytes: NotRequired[int]
    """Of `get` and `put`: how many bytes were sent."""

class GitInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class GitInputs(TypedDict):
    """The inputs of a GIT connection: The files or the last commit of a Git repository, or a push to it."""

    command: NotRequired[Literal['get', 'metadata', 'push']]
    """What to do. Default `get`."""
    repository_url: str
    """The address of the repository."""
    ref: NotRequired[str]
    """A branch, a tag or a commit; the repository's default branch unless given."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login, or a token."""
    ssh_key: NotRequired[str]
    """The private key of the login, as PEM."""
    ssh_passphrase: NotRequired[str]
    """What `ssh_key` is encrypted with, if it is."""
    ssh_hostkey: NotRequired[Any]
    """For SSH: the key that the server must show, as in `known_hosts`; false accepts any."""
    files_path: NotRequired[str]
    """What the names of the FILE records begin with that the files are kept as; without it they are in the output."""
    files: NotRequired[dict[str, str]]
    """For `push`: texts by path."""
    message: NotRequired[str]
    """For `push`: the message of the commit."""
    author_name: NotRequired[str]
    """For `push`: who wrote it. Default `Flowstead`."""
    author_email: NotRequired[str]
    """For `push`: their address. Default `flowstead@localhost`."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[GitInputsClientCert]
    """The certificate that the server is shown."""

class GitSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class GitSomeInputs(TypedDict):
    """Some of the inputs of a GIT connection, where others come as keywords."""

    command: NotRequired[Literal['get', 'metadata', 'push']]
    """What to do. Default `get`."""
    repository_url: NotRequired[str]
    """The address of the repository."""
    ref: NotRequired[str]
    """A branch, a tag or a commit; the repository's default branch unless given."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login, or a token."""
    ssh_key: NotRequired[str]
    """The private key of the login, as PEM."""
    ssh_passphrase: NotRequired[str]
    """What `ssh_key` is encrypted with, if it is."""
    ssh_hostkey: NotRequired[Any]
    """For SSH: the key that the server must show, as in `known_hosts`; false accepts any."""
    files_path: NotRequired[str]
    """What the names of the FILE records begin with that the files are kept as; without it they are in the output."""
    files: NotRequired[dict[str, str]]
    """For `push`: texts by path."""
    message: NotRequired[str]
    """For `push`: the message of the commit."""
    author_name: NotRequired[str]
    """For `push`: who wrote it. Default `Flowstead`."""
    author_email: NotRequired[str]
    """For `push`: their address. Default `flowstead@localhost`."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[GitSomeInputsClientCert]
    """The certificate that the server is shown."""

class GitOutputFilesItem(TypedDict):
    """The files."""

    name: str
    """Its path in the repository."""
    content: NotRequired[str]
    """Its content, if it is text and was not kept as a FILE."""
    file: NotRequired[str]
    """The name of the FILE that it was kept as."""

class GitOutput(TypedDict):
    """The output of a GIT connection."""

    files: NotRequired[list[GitOutputFilesItem]]
    """The files."""
    author_name: NotRequired[str]
    """Who wrote the commit."""
    author_email: NotRequired[str]
    """Their address."""
    commit_date_iso: NotRequired[str]
    """When, as ISO 8601."""
    commit_date_unix: NotRequired[int]
    """When, in seconds since 1970."""
    commit_message: NotRequired[str]
    """Its message."""
    commit_sha: str
    """Its hash."""
    short_sha: NotRequired[str]
    """The beginning of its hash."""

class GoogleInputs(TypedDict):
    """The inputs of a GOOGLE connection: One call of a service of Google."""

    key: Any
    """The key of the service account: the JSON file as an object or as text."""
    scopes: list[str]
    """What the token is for."""
    api_name: str
    """The service, such as `drive`."""
    api_version: str
    """Its version, such as `v3`."""
    collection: str
    """What the request is about, such as `files`."""
    request: str
    """The request, such as `list`."""
    params: NotRequired[dict[str, Any]]
    """The parameters of the request. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class GoogleSomeInputs(TypedDict):
    """Some of the inputs of a GOOGLE connection, where others come as keywords."""

    key: NotRequired[Any]
    """The key of the service account: the JSON file as an object or as text."""
    scopes: NotRequired[list[str]]
    """What the token is for."""
    api_name: NotRequired[str]
    """The service, such as `drive`."""
    api_version: NotRequired[str]
    """Its version, such as `v3`."""
    collection: NotRequired[str]
    """What the request is about, such as `files`."""
    request: NotRequired[str]
    """The request, such as `list`."""
    params: NotRequired[dict[str, Any]]
    """The parameters of the request. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class GoogleOutput(TypedDict):
    """The output of a GOOGLE connection."""

    result: Any
    """What the service answers."""

class ImapInputs(TypedDict):
    """The inputs of a IMAP connection: A look into a mailbox."""

    host: str
    """The mail server."""
    port: NotRequired[int]
    """Default 993."""
    use_tls: NotRequired[bool]
    """Whether the connection must be encrypted. Default true."""
    login: str
    """The name of the login."""
    password: str
    """Of the login."""
    command: Literal['capabilities', 'list_folders', 'folder_info', 'search', 'fetch', 'add_flags', 'get_flags', 'remove_flags', 'set_flags']
    """What to do."""
    folder: NotRequired[str]
    """In which folder. Default `INBOX`."""
    criteria: NotRequired[str | list[str]]
    """For `search`: which mails, as IMAP writes it."""
    message_set: NotRequired[Any]
    """Which mails, by number: one, a list, or a text such as `1:5`."""
    flags: NotRequired[list[str]]
    """The flags to add, remove or set."""
    store_attachments: NotRequired[bool]
    """For `fetch`: whether attachments become FILE records. Default false."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class ImapSomeInputs(TypedDict):
    """Some of the inputs of a IMAP connection, where others come as keywords."""

    host: NotRequired[str]
    """The mail server."""
    port: NotRequired[int]
    """Default 993."""
    use_tls: NotRequired[bool]
    """Whether the connection must be encrypted. Default true."""
    login: NotRequired[str]
    """The name of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['capabilities', 'list_folders', 'folder_info', 'search', 'fetch', 'add_flags', 'get_flags', 'remove_flags', 'set_flags']]
    """What to do."""
    folder: NotRequired[str]
    """In which folder. Default `INBOX`."""
    criteria: NotRequired[str | list[str]]
    """For `search`: which mails, as IMAP writes it."""
    message_set: NotRequired[Any]
    """Which mails, by number: one, a list, or a text such as `1:5`."""
    flags: NotRequired[list[str]]
    """The flags to add, remove or set."""
    store_attachments: NotRequired[bool]
    """For `fetch`: whether attachments become FILE records. Default false."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class ImapOutput(TypedDict):
    """The output of a IMAP connection."""

    result: Any
    """What the command answers."""

class K8sInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class K8sInputs(TypedDict):
    """The inputs of a K8S connection: One call of a Kubernetes cluster."""

    host: str
    """The address of the cluster."""
    token: NotRequired[str]
    """The token of the service account."""
    method: NotRequired[Literal['get', 'post', 'put', 'patch', 'delete']]
    """The HTTP method. Default `get`."""
    path: str
    """The path of the request."""
    params: NotRequired[dict[str, Any]]
    """Query parameters."""
    json: NotRequired[Any]
    """The body, sent as JSON."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[K8sInputsClientCert]
    """The certificate that the server is shown."""

class K8sSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class K8sSomeInputs(TypedDict):
    """Some of the inputs of a K8S connection, where others come as keywords."""

    host: NotRequired[str]
    """The address of the cluster."""
    token: NotRequired[str]
    """The token of the service account."""
    method: NotRequired[Literal['get', 'post', 'put', 'patch', 'delete']]
    """The HTTP method. Default `get`."""
    path: NotRequired[str]
    """The path of the request."""
    params: NotRequired[dict[str, Any]]
    """Query parameters."""
    json: NotRequired[Any]
    """The body, sent as JSON."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[K8sSomeInputsClientCert]
    """The certificate that the server is shown."""

class K8sOutput(TypedDict):
    """The output of a K8S connection."""

    result: Any
    """What the service answers."""

class LdapInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class LdapInputs(TypedDict):
    """The inputs of a LDAP connection: One operation on a directory."""

    url: str
    """The server, such as `ldaps://directory.example.org`."""
    bind_dn: NotRequired[str]
    """Who asks; nobody in particular unless given."""
    bind_password: NotRequired[str]
    """The password that goes with it."""
    command: NotRequired[Literal['search', 'add', 'modify', 'delete']]
    """What to do. Default `search`."""
    dn: NotRequired[str]
    """The entry to add, modify or delete."""
    base_dn: NotRequired[str]
    """For `search`: below which entry."""
    scope: NotRequired[Literal['base', 'one', 'sub']]
    """For `search`: how deep. Default `sub`."""
    filter: NotRequired[str]
    """For `search`: which entries. Default `(objectClass=*)`."""
    attributes: NotRequired[Any]
    """For `search` the list of attributes wanted; for the others, lists of values by attribute."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[LdapInputsClientCert]
    """The certificate that the server is shown."""

class LdapSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class LdapSomeInputs(TypedDict):
    """Some of the inputs of a LDAP connection, where others come as keywords."""

    url: NotRequired[str]
    """The server, such as `ldaps://directory.example.org`."""
    bind_dn: NotRequired[str]
    """Who asks; nobody in particular unless given."""
    bind_password: NotRequired[str]
    """The password that goes with it."""
    command: NotRequired[Literal['search', 'add', 'modify', 'delete']]
    """What to do. Default `search`."""
    dn: NotRequired[str]
    """The entry to add, modify or delete."""
    base_dn: NotRequired[str]
    """For `search`: below which entry."""
    scope: NotRequired[Literal['base', 'one', 'sub']]
    """For `search`: how deep. Default `sub`."""
    filter: NotRequired[str]
    """For `search`: which entries. Default `(objectClass=*)`."""
    attributes: NotRequired[Any]
    """For `search` the list of attributes wanted; for the others, lists of values by attribute."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[LdapSomeInputsClientCert]
    """The certificate that the server is shown."""

class LdapOutput(TypedDict):
    """The output of a LDAP connection."""

    result: Any
    """Of `search` the entries, each with `dn` and `attributes`."""

class McpInputs(TypedDict):
    """The inputs of a MCP connection: One call of a tool that a server offers over the Model Context Protocol."""

    url: str
    """The address of the server's endpoint."""
    headers: NotRequired[dict[str, str]]
    """Request headers, such as the one with a key."""
    tool: str
    """The name of the tool."""
    arguments: NotRequired[dict[str, Any]]
    """Its arguments. Default none."""
    timeout_sec: NotRequired[float]
    """Seconds that the call may take. Default 300."""

class McpSomeInputs(TypedDict):
    """Some of the inputs of a MCP connection, where others come as keywords."""

    url: NotRequired[str]
    """The address of the server's endpoint."""
    headers: NotRequired[dict[str, str]]
    """Request headers, such as the one with a key."""
    tool: NotRequired[str]
    """The name of the tool."""
    arguments: NotRequired[dict[str, Any]]
    """Its arguments. Default none."""
    timeout_sec: NotRequired[float]
    """Seconds that the call may take. Default 300."""

class McpOutput(TypedDict):
    """The output of a MCP connection."""

    structured_content: NotRequired[Any]
    """What the tool answers as data, if it does."""
    content: list[Any]
    """What it answers as blocks of text, pictures and others."""

class MsteamsInputs(TypedDict):
    """The inputs of a MSTEAMS connection: A message in a channel of Microsoft Teams."""

    url: str
    """The address of the channel's incoming webhook."""
    title: NotRequired[str]
    """The title of the message."""
    text: NotRequired[str]
    """The message, as Markdown."""
    card: NotRequired[dict[str, Any]]
    """Or an adaptive card."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class MsteamsSomeInputs(TypedDict):
    """Some of the inputs of a MSTEAMS connection, where others come as keywords."""

    url: NotRequired[str]
    """The address of the channel's incoming webhook."""
    title: NotRequired[str]
    """The title of the message."""
    text: NotRequired[str]
    """The message, as Markdown."""
    card: NotRequired[dict[str, Any]]
    """Or an adaptive card."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class MsteamsOutput(TypedDict):
    """The output of a MSTEAMS connection."""

    result: Any
    """What the service answers."""

class MysqlInputs(TypedDict):
    """The inputs of a MYSQL connection: One SQL statement on a MySQL or MariaDB database. What JSON has no form for is
    text in both directions: decimals, dates and times (a `TIMESTAMP` in UTC). Booleans are numbers here, MySQL's `JSON`
    is itself and MariaDB's is text, bytes are `{"base64": "..."}`.
    """

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class MysqlSomeInputs(TypedDict):
    """Some of the inputs of a MYSQL connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class MysqlOutput(TypedDict):
    """The output of a MYSQL connection."""

    result: Any
    """Rows, a row, a value or a count, as the statement was given."""

class OpenaiInputs(TypedDict):
    """The inputs of a OPENAI connection: One answer of a language model, of any service that speaks OpenAI's interface.
    """

    base_url: NotRequired[str]
    """The address of the service. Default `https://api.openai.com/v1`."""
    token: NotRequired[str]
    """The key of the service."""
    model: str
    """The name of the model."""
    messages: list[Any]
    """The conversation so far: objects of `role` (`system`, `user`, `assistant` or `tool`) and `content`, as the
    interface takes them.
    """
    tools: NotRequired[list[Any]]
    """The functions that the model may ask for."""
    response_format: NotRequired[dict[str, Any]]
    """What the answer must look like."""
    temperature: NotRequired[float]
    """How freely it chooses; the model's own unless given."""
    max_tokens: NotRequired[int]
    """How long the answer may be."""
    stream: NotRequired[bool]
    """Whether the answer is logged as it comes. Default false."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class OpenaiSomeInputs(TypedDict):
    """Some of the inputs of a OPENAI connection, where others come as keywords."""

    base_url: NotRequired[str]
    """The address of the service. Default `https://api.openai.com/v1`."""
    token: NotRequired[str]
    """The key of the service."""
    model: NotRequired[str]
    """The name of the model."""
    messages: NotRequired[list[Any]]
    """The conversation so far: objects of `role` (`system`, `user`, `assistant` or `tool`) and `content`, as the
    interface takes them.
    """
    tools: NotRequired[list[Any]]
    """The functions that the model may ask for."""
    response_format: NotRequired[dict[str, Any]]
    """What the answer must look like."""
    temperature: NotRequired[float]
    """How freely it chooses; the model's own unless given."""
    max_tokens: NotRequired[int]
    """How long the answer may be."""
    stream: NotRequired[bool]
    """Whether the answer is logged as it comes. Default false."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class OpenaiOutput(TypedDict):
    """The output of a OPENAI connection."""

    message: dict[str, Any]
    """The answer: `role`, `content`, and `tool_calls` if it asks for some."""
    usage: NotRequired[dict[str, Any]]
    """How many tokens were used."""
    finish_reason: NotRequired[str]
    """Why it ended."""

class PsInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class PsInputs(TypedDict):
    """The inputs of a PS connection: A PowerShell script on a Windows machine, over WinRM."""

    hostname: str
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 5986."""
    username: str
    """Of the login."""
    password: str
    """Of the login."""
    authentication_method: NotRequired[Literal['ntlm', 'basic', 'kerberos']]
    """How the login is shown. Default `ntlm`."""
    script: str
    """The script to run."""
    check: NotRequired[bool]
    """Whether a script that does not end with 0 is an error. Default true."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[PsInputsClientCert]
    """The certificate that the server is shown."""

class PsSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class PsSomeInputs(TypedDict):
    """Some of the inputs of a PS connection, where others come as keywords."""

    hostname: NotRequired[str]
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 5986."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    authentication_method: NotRequired[Literal['ntlm', 'basic', 'kerberos']]
    """How the login is shown. Default `ntlm`."""
    script: NotRequired[str]
    """The script to run."""
    check: NotRequired[bool]
    """Whether a script that does not end with 0 is an error. Default true."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[PsSomeInputsClientCert]
    """The certificate that the server is shown."""

class PsOutput(TypedDict):
    """The output of a PS connection."""

    retcode: int
    """What the script ended with."""
    report: str
    """What it wrote."""
    error: NotRequired[str]
    """What it wrote as errors."""

class RedisInputs(TypedDict):
    """The inputs of a REDIS connection: One command of a Redis server of version 6 or later. Maps are objects, sets are
    lists; what is no text is `{"base64": "..."}`, in arguments too. A command that only reads is done again after a
    loss. One that waits, such as `BLPOP`, waits for no longer than `timeout`; what has no end, such as `SUBSCRIBE`, is
    refused.
    """

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """Default 6379."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    tls: NotRequired[bool]
    """Whether the connection must be encrypted. Default false."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    database: NotRequired[int]
    """The number of the database. Default 0."""
    command: str
    """The command, such as `GET`."""
    args: NotRequired[list[Any]]
    """Its arguments: texts, numbers and bytes. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class RedisSomeInputs(TypedDict):
    """Some of the inputs of a REDIS connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """Default 6379."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    tls: NotRequired[bool]
    """Whether the connection must be encrypted. Default false."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    database: NotRequired[int]
    """The number of the database. Default 0."""
    command: NotRequired[str]
    """The command, such as `GET`."""
    args: NotRequired[list[Any]]
    """Its arguments: texts, numbers and bytes. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class RedisOutput(TypedDict):
    """The output of a REDIS connection."""

    result: Any
    """What the server answers."""

class RestInputsMultipartItem(TypedDict):
    """The parts of a `multipart/form-data` body."""

    name: str
    """The name of the part."""
    value: NotRequired[str]
    """Its content."""
    file: NotRequired[str]
    """Or the name of the FILE that is its content."""
    filename: NotRequired[str]
    """The file name that the server is told."""
    content_type: NotRequired[str]
    """Its media type."""

class RestInputsRetryBackoff(TypedDict):
    """How what is safe to repeat is repeated."""

    initial: NotRequired[float]
    """Seconds before the second try. Default 1."""
    maximum: NotRequired[float]
    """The most seconds between two tries. Default 60."""
    multiplier: NotRequired[float]
    """How much longer each pause is. Default 2."""
    deadline: NotRequired[float]
    """Seconds after which no more try is made. Default 600."""

class RestInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class RestInputs(TypedDict):
    """The inputs of a REST connection: One HTTP request; redirects are followed and what is safe to repeat is repeated.
    """

    url: NotRequired[str]
    """The whole address. Or give `hostname` and its companions."""
    scheme: NotRequired[Literal['https', 'http']]
    """With `hostname`. Default `https`."""
    hostname: NotRequired[str]
    """The host, without scheme and path."""
    port: NotRequired[int]
    """With `hostname`; the scheme's own unless given."""
    base_path: NotRequired[str]
    """With `hostname`: what every path of the interface begins with."""
    path: NotRequired[str]
    """With `hostname`: what follows `base_path`."""
    method: NotRequired[Literal['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']]
    """The HTTP method. Default `get`."""
    params: NotRequired[dict[str, Any]]
    """Query parameters; a list gives a parameter several times."""
    headers: NotRequired[dict[str, str]]
    """Request headers."""
    cookies: NotRequired[dict[str, str]]
    """Cookies to send."""
    json: NotRequired[Any]
    """The body, sent as JSON."""
    data: NotRequired[dict[str, Any]]
    """The body, sent as form fields."""
    text: NotRequired[str]
    """The body, sent as it is."""
    multipart: NotRequired[list[RestInputsMultipartItem]]
    """The parts of a `multipart/form-data` body."""
    src: NotRequired[str]
    """The name of the FILE that is the body; its media type is `application/octet-stream` unless a header says."""
    allow_redirects: NotRequired[bool]
    """Whether redirects are followed. Default true."""
    max_redirects: NotRequired[int]
    """How many redirects are followed. Default 10."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    read_timeout: NotRequired[float]
    """Seconds without a byte until an answer is given up. Default 60."""
    expected_status_code: NotRequired[list[int]]
    """Statuses that count as success; any other ends the execution with an error and keeps the output. Default 200,
    201, 202, 204.
    """
    retry_backoff: NotRequired[RestInputsRetryBackoff]
    """How what is safe to repeat is repeated."""
    dst: NotRequired[str]
    """The name of the FILE that takes the body of the answer, if its status is an expected one."""
    authentication_method: NotRequired[Literal['basic', 'bearer', 'digest']]
    """How the login is shown. Default `basic`."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    token: NotRequired[str]
    """With `bearer`: the token."""
    oauth: NotRequired[str]
    """The name of the OAUTH record that fetches the token, as the client that it names."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[RestInputsClientCert]
    """The certificate that the server is shown."""

class RestOutput(TypedDict):
    """The output of a REST connection."""

    status_code: int
    """The status of the answer."""
    headers: dict[str, str]
    """The headers of the answer, names in lower case."""
    cookies: dict[str, str]
    """The cookies that the answer sets."""
    encoding: NotRequired[str]
    """The character set of the body."""
    json: NotRequired[Any]
    """The body, if it can be read as JSON."""
    text: NotRequired[str]
    """The body, if it is text and no JSON."""
    file: NotRequired[str]
    """The name of the FILE that holds the body, if `dst` asked for one or it is large."""

class S3InputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class S3Inputs(TypedDict):
    """The inputs of a S3 connection: Objects in an S3 bucket, at Amazon or elsewhere."""

    endpoint_url: NotRequired[str]
    """The address of the service; Amazon's of the region unless given."""
    region: NotRequired[str]
    """The region. Default `us-east-1`."""
    bucket: str
    """The bucket."""
    access_key_id: str
    """The id of the key."""
    secret_access_key: str
    """The key."""
    session_token: NotRequired[str]
    """With a temporary key: its token."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete', 'head', 'presign']]
    """What to do. Default `list`."""
    path: str
    """The key of the object; of `list`, what the keys begin with."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends, or `get` makes: the last part of `path` unless given."""
    content_type: NotRequired[str]
    """Of `put`: the media type of the object."""
    start_after: NotRequired[str]
    """Of `list`: only keys that come after this one."""
    limit: NotRequired[int]
    """Of `list`: how many objects at the most. Default 1000."""
    presign_for: NotRequired[Literal['get', 'put']]
    """Of `presign`: what may be done at the address. Default `get`."""
    expires_in: NotRequired[float]
    """Of `presign`: seconds that the address is good for, a week at the most. Default 3600."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[S3InputsClientCert]
    """The certificate that the server is shown."""

class S3SomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class S3SomeInputs(TypedDict):
    """Some of the inputs of a S3 connection, where others come as keywords."""

    endpoint_url: NotRequired[str]
    """The address of the service; Amazon's of the region unless given."""
    region: NotRequired[str]
    """The region. Default `us-east-1`."""
    bucket: NotRequired[str]
    """The bucket."""
    access_key_id: NotRequired[str]
    """The id of the key."""
    secret_access_key: NotRequired[str]
    """The key."""
    session_token: NotRequired[str]
    """With a temporary key: its token."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete', 'head', 'presign']]
    """What to do. Default `list`."""
    path: NotRequired[str]
    """The key of the object; of `list`, what the keys begin with."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends, or `get` makes: the last part of `path` unless given."""
    content_type: NotRequired[str]
    """Of `put`: the media type of the object."""
    start_after: NotRequired[str]
    """Of `list`: only keys that come after this one."""
    limit: NotRequired[int]
    """Of `list`: how many objects at the most. Default 1000."""
    presign_for: NotRequired[Literal['get', 'put']]
    """Of `presign`: what may be done at the address. Default `get`."""
    expires_in: NotRequired[float]
    """Of `presign`: seconds that the address is good for, a week at the most. Default 3600."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[S3SomeInputsClientCert]
    """The certificate that the server is shown."""

class S3OutputFilesItem(TypedDict):
    """Of `list`: what is there."""

    name: str
    """Its path there."""
    size: NotRequired[int]
    """Its size in bytes."""
    modified_at: NotRequired[str]
    """When it was last changed."""

class S3Output(TypedDict):
    """The output of a S3 connection."""

    files: NotRequired[list[S3OutputFilesItem]]
    """Of `list`: what is there."""
    is_complete: NotRequired[bool]
    """Of `list`: whether these are all."""
    file: NotRequired[str]
    """Of `get`: the name of the FILE that was made."""
    bytes: NotRequired[int]
    """Of `get`, `put` and `head`: the size of the object."""
    etag: NotRequired[str]
    """Of `get`, `put` and `head`: what tells this content from another."""
    content_type: NotRequired[str]
    """Of `get` and `head`: the media type of the object."""
    modified_at: NotRequired[str]
    """Of `get` and `head`: when it was written."""
    metadata: NotRequired[dict[str, str]]
    """Of `get` and `head`: what was said of it when it was written."""
    url: NotRequired[str]
    """Of `presign`: the address."""

class ScpInputs(TypedDict):
    """The inputs of a SCP connection: A copy of a file to or from another machine, over SSH (by SFTP, as `scp` does
    today).
    """

    hostname: str
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 22."""
    hostkey: NotRequired[str]
    """The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless
    `verify_hostkey` is false.
    """
    verify_hostkey: NotRequired[bool]
    """Whether the machine must show `hostkey`. Default true."""
    username: str
    """Of the login."""
    password: NotRequired[str]
    """Of the login, if it has one."""
    key: NotRequired[str]
    """The private key of the login, as PEM."""
    passphrase: NotRequired[str]
    """What `key` is encrypted with, if it is."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 30."""
    src: str
    """The file that is copied; `cloudomation:<path>` names a FILE."""
    dst: str
    """Where to; `cloudomation:<path>` names a FILE. One of the two does."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class ScpSomeInputs(TypedDict):
    """Some of the inputs of a SCP connection, where others come as keywords."""

    hostname: NotRequired[str]
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 22."""
    hostkey: NotRequired[str]
    """The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless
    `verify_hostkey` is false.
    """
    verify_hostkey: NotRequired[bool]
    """Whether the machine must show `hostkey`. Default true."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login, if it has one."""
    key: NotRequired[str]
    """The private key of the login, as PEM."""
    passphrase: NotRequired[str]
    """What `key` is encrypted with, if it is."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 30."""
    src: NotRequired[str]
    """The file that is copied; `cloudomation:<path>` names a FILE."""
    dst: NotRequired[str]
    """Where to; `cloudomation:<path>` names a FILE. One of the two does."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class ScpOutput(TypedDict):
    """The output of a SCP connection."""

    bytes: int
    """How many bytes were copied."""
    files: list[str]
    """The names of what was copied."""

class SftpInputs(TypedDict):
    """The inputs of a SFTP connection: A copy of a file to or from a file server, over SSH."""

    hostname: str
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 22."""
    hostkey: NotRequired[str]
    """The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless
    `verify_hostkey` is false.
    """
    verify_hostkey: NotRequired[bool]
    """Whether the machine must show `hostkey`. Default true."""
    username: str
    """Of the login."""
    password: NotRequired[str]
    """Of the login, if it has one."""
    key: NotRequired[str]
    """The private key of the login, as PEM."""
    passphrase: NotRequired[str]
    """What `key` is encrypted with, if it is."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 30."""
    src: str
    """The file that is copied; `cloudomation:<path>` names a FILE."""
    dst: str
    """Where to; `cloudomation:<path>` names a FILE. One of the two does."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SftpSomeInputs(TypedDict):
    """Some of the inputs of a SFTP connection, where others come as keywords."""

    hostname: NotRequired[str]
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 22."""
    hostkey: NotRequired[str]
    """The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless
    `verify_hostkey` is false.
    """
    verify_hostkey: NotRequired[bool]
    """Whether the machine must show `hostkey`. Default true."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login, if it has one."""
    key: NotRequired[str]
    """The private key of the login, as PEM."""
    passphrase: NotRequired[str]
    """What `key` is encrypted with, if it is."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 30."""
    src: NotRequired[str]
    """The file that is copied; `cloudomation:<path>` names a FILE."""
    dst: NotRequired[str]
    """Where to; `cloudomation:<path>` names a FILE. One of the two does."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SftpOutput(TypedDict):
    """The output of a SFTP connection."""

    bytes: int
    """How many bytes were copied."""
    files: list[str]
    """The names of what was copied."""

class SmbInputs(TypedDict):
    """The inputs of a SMB connection: Files on a Windows share."""

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """Default 445."""
    share: str
    """The name of the share."""
    domain: NotRequired[str]
    """The domain of the login."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete']]
    """What to do. Default `list`."""
    path: str
    """The file or folder there."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends or `get` makes."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SmbSomeInputs(TypedDict):
    """Some of the inputs of a SMB connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """Default 445."""
    share: NotRequired[str]
    """The name of the share."""
    domain: NotRequired[str]
    """The domain of the login."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete']]
    """What to do. Default `list`."""
    path: NotRequired[str]
    """The file or folder there."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends or `get` makes."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SmbOutputFilesItem(TypedDict):
    """Of `list`: what is there."""

    name: str
    """Its path there."""
    size: NotRequired[int]
    """Its size in bytes."""
    modified_at: NotRequired[str]
    """When it was last changed."""

class SmbOutput(TypedDict):
    """The output of a SMB connection."""

    files: NotRequired[list[SmbOutputFilesItem]]
    """Of `list`: what is there."""
    file: NotRequired[str]
    """Of `get`: the name of the FILE that was made."""
    bytes: NotRequired[int]
    """Of `get` and `put`: how many bytes were sent."""

class SmtpInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

SmtpInputs = TypedDict(
    'SmtpInputs',
    {
        'smtp_host': str,
        'smtp_port': NotRequired[int],
        'use_tls': NotRequired[bool],
        'tls_mode': NotRequired[Literal['starttls', 'implicit']],
        'login': NotRequired[str],
        'password': NotRequired[str],
        'from': str,
        'to': str | list[str],
        'cc': NotRequired[str | list[str]],
        'bcc': NotRequired[str | list[str]],
        'subject': str,
        'text': NotRequired[str],
        'html': NotRequired[str],
        'attachments': NotRequired[list[str]],
        'headers': NotRequired[dict[str, str]],
        'connect_timeout': NotRequired[float],
        'timeout': NotRequired[float],
        'verify_ssl': NotRequired[bool],
        'cacert': NotRequired[str],
        'client_cert': NotRequired[SmtpInputsClientCert],
    },
)
"""The inputs of a SMTP connection: A mail, handed to a mail server."""

class SmtpSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

SmtpSomeInputs = TypedDict(
    'SmtpSomeInputs',
    {
        'smtp_host': NotRequired[str],
        'smtp_port': NotRequired[int],
        'use_tls': NotRequired[bool],
        'tls_mode': NotRequired[Literal['starttls', 'implicit']],
        'login': NotRequired[str],
        'password': NotRequired[str],
        'from': NotRequired[str],
        'to': NotRequired[str | list[str]],
        'cc': NotRequired[str | list[str]],
        'bcc': NotRequired[str | list[str]],
        'subject': NotRequired[str],
        'text': NotRequired[str],
        'html': NotRequired[str],
        'attachments': NotRequired[list[str]],
        'headers': NotRequired[dict[str, str]],
        'connect_timeout': NotRequired[float],
        'timeout': NotRequired[float],
        'verify_ssl': NotRequired[bool],
        'cacert': NotRequired[str],
        'client_cert': NotRequired[SmtpSomeInputsClientCert],
    },
)
"""Some of the inputs of a SMTP connection, where others come as keywords."""

class SmtpOutput(TypedDict):
    """The output of a SMTP connection."""

    message_id: str
    """The id that the mail was sent under."""
    accepted: list[str]
    """The recipients that the server took it for."""
    refused: NotRequired[dict[str, str]]
    """The others, and why."""

class SoapInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class SoapInputs(TypedDict):
    """The inputs of a SOAP connection: One call of a SOAP service."""

    url: str
    """The address of the service."""
    method: str
    """The method to call."""
    headers: NotRequired[dict[str, str]]
    """Request headers."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    namespace: str
    """The namespace of the method."""
    action: NotRequired[str]
    """The value of the header `SOAPAction`; namespace and method unless given."""
    args: NotRequired[dict[str, Any]]
    """The arguments by name. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[SoapInputsClientCert]
    """The certificate that the server is shown."""

class SoapSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class SoapSomeInputs(TypedDict):
    """Some of the inputs of a SOAP connection, where others come as keywords."""

    url: NotRequired[str]
    """The address of the service."""
    method: NotRequired[str]
    """The method to call."""
    headers: NotRequired[dict[str, str]]
    """Request headers."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    namespace: NotRequired[str]
    """The namespace of the method."""
    action: NotRequired[str]
    """The value of the header `SOAPAction`; namespace and method unless given."""
    args: NotRequired[dict[str, Any]]
    """The arguments by name. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[SoapSomeInputsClientCert]
    """The certificate that the server is shown."""

class SoapOutput(TypedDict):
    """The output of a SOAP connection."""

    result: Any
    """What the method returns."""

class SqliteInputs(TypedDict):
    """The inputs of a SQLITE connection: One SQL statement on a SQLite database that is the content of a FILE; no other
    file can be reached. Bytes are `{"base64": "..."}`. ATTACH, transactions and settings (most PRAGMAs) are refused.
    """

    database: str
    """The name of the FILE that is the database. A change is written back as its new content; the first makes the file.
    """
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    timeout: NotRequired[float]
    """Seconds that the statement may take. Default 300."""

class SqliteSomeInputs(TypedDict):
    """Some of the inputs of a SQLITE connection, where others come as keywords."""

    database: NotRequired[str]
    """The name of the FILE that is the database. A change is written back as its new content; the first makes the file.
    """
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    timeout: NotRequired[float]
    """Seconds that the statement may take. Default 300."""

class SqliteOutput(TypedDict):
    """The output of a SQLITE connection."""

    result: Any
    """Rows, a row, a value or a count, as the statement was given."""

class SqlmssqlInputs(TypedDict):
    """The inputs of a SQLMSSQL connection: One SQL statement on a Microsoft SQL Server."""

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SqlmssqlSomeInputs(TypedDict):
    """Some of the inputs of a SQLMSSQL connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SqlmssqlOutput(TypedDict):
    """The output of a SQLMSSQL connection."""

    result: Any
    """Rows, a row, a value or a count, as the statement was given."""

class SqloracleInputs(TypedDict):
    """The inputs of a SQLORACLE connection: One SQL statement on an Oracle database."""

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    service_name: NotRequired[str]
    """The service of the listener, where `database` does not name it."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SqloracleSomeInputs(TypedDict):
    """Some of the inputs of a SQLORACLE connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    service_name: NotRequired[str]
    """The service of the listener, where `database` does not name it."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SqloracleOutput(TypedDict):
    """The output of a SQLORACLE connection."""

    result: Any
    """Rows, a row, a value or a count, as the statement was given."""

class SqlpgInputs(TypedDict):
    """The inputs of a SQLPG connection: One SQL statement on a PostgreSQL database. What JSON has no form for is text
    in both directions, as the server writes and reads it: decimals, dates and times (ISO 8601; `timestamptz` in UTC
    with its zone), intervals, UUIDs. Arrays are lists, `json` is itself, bytes are `{"base64": "..."}`. A column of a
    type that is not read, such as a range, is an error that says so.
    """

    host: str
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SqlpgSomeInputs(TypedDict):
    """Some of the inputs of a SQLPG connection, where others come as keywords."""

    host: NotRequired[str]
    """The name or address of the server."""
    port: NotRequired[int]
    """The port; the database system's own unless given."""
    user: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    database: NotRequired[str]
    """The database; the server's own choice unless given."""
    tls: NotRequired[Literal['verify', 'require', 'off']]
    """Whether the connection is encrypted, and the certificate checked. Default `verify`."""
    cacert: NotRequired[str]
    """Certificates of authorities that are trusted beside those of the system, as PEM."""
    fetch: NotRequired[str]
    """A statement whose rows are the result, each an object. One that only reads is done again after a loss."""
    fetchval: NotRequired[str]
    """A statement whose first value is the result; null without a row."""
    fetchrow: NotRequired[str]
    """A statement whose first row is the result, an object; null without a row."""
    execute: NotRequired[str]
    """A statement whose count of rows is the result. It is never done twice."""
    executemany: NotRequired[str]
    """A statement that is run once for each list in `args`, all in one transaction; the count of rows is the result."""
    args: NotRequired[list[Any]]
    """The values of the statement's placeholders (SQLPG: `$1`; MYSQL and SQLITE: `?`); for `executemany` a list of such
    lists.
    """
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""

class SqlpgOutput(TypedDict):
    """The output of a SQLPG connection."""

    result: Any
    """Rows, a row, a value or a count, as the statement was given."""

class SshInputs(TypedDict):
    """The inputs of a SSH connection: A script on another machine, over SSH."""

    hostname: str
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 22."""
    hostkey: NotRequired[str]
    """The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless
    `verify_hostkey` is false.
    """
    verify_hostkey: NotRequired[bool]
    """Whether the machine must show `hostkey`. Default true."""
    username: str
    """Of the login."""
    password: NotRequired[str]
    """Of the login, if it has one."""
    key: NotRequired[str]
    """The private key of the login, as PEM."""
    passphrase: NotRequired[str]
    """What `key` is encrypted with, if it is."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 30."""
    script: str
    """The script to run."""
    interpreter: NotRequired[str]
    """The program that runs it, with its arguments. Default `/usr/bin/env bash -e`."""
    script_timeout: NotRequired[float]
    """Seconds that the script may take. Default 60."""
    env: NotRequired[dict[str, str]]
    """Variables of its environment."""
    remove_cr: NotRequired[bool]
    """Whether carriage returns are taken out of the report. Default true."""
    remove_ansi_escapes: NotRequired[bool]
    """Whether colours are taken out of the report. Default true."""
    output_vars: NotRequired[list[str]]
    """Shell variables whose values are wanted afterwards; for an `interpreter` that is a shell."""
    output_files: NotRequired[list[str]]
    """Files whose content is wanted afterwards; each becomes a FILE of its last name."""
    check: NotRequired[bool]
    """Whether a script that does not end with 0 is an error. Default true."""

class SshSomeInputs(TypedDict):
    """Some of the inputs of a SSH connection, where others come as keywords."""

    hostname: NotRequired[str]
    """The name or address of the machine."""
    port: NotRequired[int]
    """Default 22."""
    hostkey: NotRequired[str]
    """The key that the machine must show, as in `known_hosts`, or its SHA256 fingerprint; needed unless
    `verify_hostkey` is false.
    """
    verify_hostkey: NotRequired[bool]
    """Whether the machine must show `hostkey`. Default true."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login, if it has one."""
    key: NotRequired[str]
    """The private key of the login, as PEM."""
    passphrase: NotRequired[str]
    """What `key` is encrypted with, if it is."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 30."""
    script: NotRequired[str]
    """The script to run."""
    interpreter: NotRequired[str]
    """The program that runs it, with its arguments. Default `/usr/bin/env bash -e`."""
    script_timeout: NotRequired[float]
    """Seconds that the script may take. Default 60."""
    env: NotRequired[dict[str, str]]
    """Variables of its environment."""
    remove_cr: NotRequired[bool]
    """Whether carriage returns are taken out of the report. Default true."""
    remove_ansi_escapes: NotRequired[bool]
    """Whether colours are taken out of the report. Default true."""
    output_vars: NotRequired[list[str]]
    """Shell variables whose values are wanted afterwards; for an `interpreter` that is a shell."""
    output_files: NotRequired[list[str]]
    """Files whose content is wanted afterwards; each becomes a FILE of its last name."""
    check: NotRequired[bool]
    """Whether a script that does not end with 0 is an error. Default true."""

class SshOutput(TypedDict):
    """The output of a SSH connection."""

    retcode: int
    """What the script ended with."""
    report: str
    """What it wrote; the end of it where that is more than 64 KiB."""
    report_file: NotRequired[str]
    """The name of the FILE that holds the whole report, if it is long."""
    var: NotRequired[dict[str, str]]
    """The variables of `output_vars` that are set."""
    files: NotRequired[dict[str, str]]
    """The names of the FILE records made of `output_files`, by path."""

class VaultInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class VaultInputs(TypedDict):
    """The inputs of a VAULT connection: A secret in a HashiCorp Vault, read or written."""

    host: str
    """The address of the server."""
    secret_path: str
    """The path of the secret, its engine included."""
    token: str
    """The token of the login."""
    data: NotRequired[dict[str, Any]]
    """What to write; without it the secret is read."""
    version: NotRequired[int]
    """Which version to read; the latest unless given."""
    mode: NotRequired[Literal['read', 'write', 'list', 'delete', 'delete_metadata', 'destroy']]
    """What to do; told from `data` unless given."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[VaultInputsClientCert]
    """The certificate that the server is shown."""

class VaultSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class VaultSomeInputs(TypedDict):
    """Some of the inputs of a VAULT connection, where others come as keywords."""

    host: NotRequired[str]
    """The address of the server."""
    secret_path: NotRequired[str]
    """The path of the secret, its engine included."""
    token: NotRequired[str]
    """The token of the login."""
    data: NotRequired[dict[str, Any]]
    """What to write; without it the secret is read."""
    version: NotRequired[int]
    """Which version to read; the latest unless given."""
    mode: NotRequired[Literal['read', 'write', 'list', 'delete', 'delete_metadata', 'destroy']]
    """What to do; told from `data` unless given."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[VaultSomeInputsClientCert]
    """The certificate that the server is shown."""

class VaultOutput(TypedDict):
    """The output of a VAULT connection."""

    result: Any
    """What the server answers; of a secret its keys and values."""

class WebdavInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class WebdavInputs(TypedDict):
    """The inputs of a WEBDAV connection: Files on a WebDAV server."""

    url: str
    """The address of the server."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete']]
    """What to do. Default `list`."""
    path: str
    """The file or folder there."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends or `get` makes."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[WebdavInputsClientCert]
    """The certificate that the server is shown."""

class WebdavSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class WebdavSomeInputs(TypedDict):
    """Some of the inputs of a WEBDAV connection, where others come as keywords."""

    url: NotRequired[str]
    """The address of the server."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    command: NotRequired[Literal['list', 'get', 'put', 'delete']]
    """What to do. Default `list`."""
    path: NotRequired[str]
    """The file or folder there."""
    file: NotRequired[str]
    """The name of the FILE that `put` sends or `get` makes."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[WebdavSomeInputsClientCert]
    """The certificate that the server is shown."""

class WebdavOutputFilesItem(TypedDict):
    """Of `list`: what is there."""

    name: str
    """Its path there."""
    size: NotRequired[int]
    """Its size in bytes."""
    modified_at: NotRequired[str]
    """When it was last changed."""

class WebdavOutput(TypedDict):
    """The output of a WEBDAV connection."""

    files: NotRequired[list[WebdavOutputFilesItem]]
    """Of `list`: what is there."""
    file: NotRequired[str]
    """Of `get`: the name of the FILE that was made."""
    bytes: NotRequired[int]
    """Of `get` and `put`: how many bytes were sent."""

class XmlrpcInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class XmlrpcInputs(TypedDict):
    """The inputs of a XMLRPC connection: One call of an XML-RPC service."""

    url: str
    """The address of the service."""
    method: str
    """The method to call."""
    headers: NotRequired[dict[str, str]]
    """Request headers."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    args: NotRequired[list[Any]]
    """The arguments in order. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[XmlrpcInputsClientCert]
    """The certificate that the server is shown."""

class XmlrpcSomeInputsClientCert(TypedDict):
    """The certificate that the server is shown."""

    cert: str
    """The certificate, as PEM."""
    key: str
    """Its private key, as PEM."""

class XmlrpcSomeInputs(TypedDict):
    """Some of the inputs of a XMLRPC connection, where others come as keywords."""

    url: NotRequired[str]
    """The address of the service."""
    method: NotRequired[str]
    """The method to call."""
    headers: NotRequired[dict[str, str]]
    """Request headers."""
    username: NotRequired[str]
    """Of the login."""
    password: NotRequired[str]
    """Of the login."""
    args: NotRequired[list[Any]]
    """The arguments in order. Default none."""
    connect_timeout: NotRequired[float]
    """Seconds until a connection that does not come about is given up. Default 10."""
    timeout: NotRequired[float]
    """Seconds that the whole may take. Default 300."""
    verify_ssl: NotRequired[bool]
    """Whether the server's certificate must be valid. Default true."""
    cacert: NotRequired[str]
    """Certificates of the authorities that are trusted, as PEM. Default: those of the system."""
    client_cert: NotRequired[XmlrpcSomeInputsClientCert]
    """The certificate that the server is shown."""

class XmlrpcOutput(TypedDict):
    """The output of a XMLRPC connection."""

    result: Any
    """What the method returns."""
