"""The servers of the laboratory: for each weakness one that has it, and for each kind a strict one."""

from __future__ import annotations

from laboratory.servers import Server

_MODERN = "ECDHE+AESGCM"


def _issues(words: str) -> frozenset[str]:
    return frozenset(words.split())


S_SERVER = (
    Server("openssl-strict", "s_server"),
    Server("openssl-strict-ecdsa", "s_server", certificate="good-ecdsa"),
    Server("openssl-strict-tls1.3", "s_server", options={"least": "TLSv1.3"}),
    Server("openssl-tls1.2", "s_server", _issues("no-tls1.3"), {"most": "TLSv1.2"}),
    Server("openssl-strict-stapled", "s_server", certificate="must-staple-served"),
    Server(
        "openssl-tls1.0", "s_server", _issues("tls1.0 tls1.1 cbc"),
        {"least": "TLSv1", "suites": f"{_MODERN}:ECDHE-RSA-AES128-SHA"},
    ),
    Server(
        "openssl-tls1.1-only", "s_server", _issues("tls1.1 cbc no-tls1.3"),
        {"least": "TLSv1.1", "most": "TLSv1.1", "suites": "ECDHE-RSA-AES128-SHA"},
    ),
    Server(
        "openssl-key-transport", "s_server", _issues("no-forward-secrecy"),
        {"suites": f"{_MODERN}:AES128-GCM-SHA256"},
    ),
    Server(
        "openssl-null", "s_server", _issues("null no-tls1.3"),
        {"most": "TLSv1.2", "suites": f"{_MODERN}:ECDHE-RSA-NULL-SHA"},
    ),
    Server(
        "openssl-anonymous", "s_server", _issues("anonymous cbc no-tls1.3"),
        {"most": "TLSv1.2", "suites": f"{_MODERN}:AECDH-AES128-SHA"},
    ),
    Server(
        "openssl-dh-1024-own", "s_server", _issues("dh-1024"),
        {"suites": f"{_MODERN}:DHE-RSA-AES128-GCM-SHA256", "dh": "own-1024"},
    ),
    Server(
        "openssl-dh-1024-common", "s_server", _issues("dh-1024 common-dh-prime"),
        {"suites": f"{_MODERN}:DHE-RSA-AES128-GCM-SHA256", "dh": "oakley-1024"},
    ),
    Server(
        "openssl-p192-only", "s_server", _issues("weak-curve no-tls1.3"),
        {"most": "TLSv1.2", "groups": "P-192"},
    ),
)  # fmt: skip

CERTIFICATES = (
    Server("certificate-rsa-1024", "s_server", _issues("rsa-1024"), certificate="rsa-1024"),
    Server("certificate-sha1", "s_server", _issues("sha1-signature"), certificate="sha1"),
    Server("certificate-expired", "s_server", _issues("expired"), certificate="expired"),
    Server(
        "certificate-expired-tls1.3", "s_server", _issues("expired"), {"least": "TLSv1.3"},
        certificate="expired",
    ),
    Server("certificate-future", "s_server", _issues("not-yet-valid"), certificate="not-yet-valid"),
    Server("certificate-other-name", "s_server", _issues("wrong-name"), certificate="wrong-name"),
    Server(
        "certificate-self-signed", "s_server", _issues("self-signed"), certificate="self-signed"
    ),
    Server(
        "certificate-stranger", "s_server", _issues("unknown-authority"), certificate="stranger"
    ),
    Server("certificate-alone", "nginx", _issues("incomplete-chain"), certificate="incomplete"),
    Server("certificate-over-long", "nginx", _issues("over-long"), certificate="over-long"),
    Server(
        "certificate-not-stapled", "nginx", _issues("must-staple-unserved"),
        certificate="must-staple",
    ),
)  # fmt: skip

WEB = (
    Server("nginx-strict", "nginx"),
    Server(
        "nginx-old", "nginx", _issues("tls1.0 tls1.1 no-tls1.3 cbc no-forward-secrecy"),
        {"protocols": "TLSv1 TLSv1.1 TLSv1.2", "suites": "HIGH:!aNULL:!DHE:!PSK:!SRP"},
    ),
    Server(
        "nginx-dh-1024", "nginx", _issues("dh-1024 common-dh-prime"),
        {"suites": f"{_MODERN}:DHE+AESGCM", "dh": "oakley-1024"},
    ),
    Server("stunnel-strict", "stunnel"),
    Server(
        "stunnel-old", "stunnel", _issues("tls1.0 tls1.1 cbc"),
        {"lines": ["sslVersionMin = TLSv1", f"ciphers = {_MODERN}:ECDHE-RSA-AES256-SHA"]},
    ),
    Server(
        "stunnel-key-transport", "stunnel", _issues("no-forward-secrecy cbc"),
        {"lines": ["sslVersionMin = TLSv1.2", "ciphers = AES256-GCM-SHA384:AES128-SHA256"]},
    ),
)  # fmt: skip

_GNUTLS = "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-256-GCM:+AES-128-GCM:+AEAD:+SIGN-ALL:+COMP-NULL"
_CURVES = "+GROUP-X25519:+GROUP-SECP256R1"
LIBRARIES = (
    Server("gnutls-strict", "gnutls", options={"priority": f"{_GNUTLS}:+ECDHE-RSA:{_CURVES}"}),
    Server(
        "gnutls-rc4-3des", "gnutls", _issues("tls1.0 tls1.1 rc4 3des cbc no-forward-secrecy"),
        {"priority": f"{_GNUTLS}:+VERS-TLS1.1:+VERS-TLS1.0:+ARCFOUR-128:+3DES-CBC:+MD5:+SHA1"
                     f":+RSA:+ECDHE-RSA:{_CURVES}"},
    ),
    Server(
        "gnutls-no-rfc5746", "gnutls", _issues("insecure-renegotiation"),
        {"priority": f"{_GNUTLS}:+ECDHE-RSA:{_CURVES}:%DISABLE_SAFE_RENEGOTIATION"},
    ),
    Server(
        "gnutls-renegotiates", "gnutls", _issues("client-renegotiation"),
        {"priority": f"{_GNUTLS}:+ECDHE-RSA:{_CURVES}", "renegotiates": True},
    ),
    Server("python-strict", "python", options={"least": "1.2", "ciphers": _MODERN}),
    Server(
        "python-strict-client-certificate", "python",
        options={"least": "1.2", "ciphers": _MODERN, "ask_client": True},
    ),
    Server(
        "python-renegotiates", "python", _issues("client-renegotiation"),
        {"least": "1.2", "ciphers": _MODERN, "renegotiates": True},
    ),
    Server(
        "python-old", "python", _issues("tls1.0 tls1.1 cbc no-forward-secrecy"),
        {"least": "1.0", "ciphers": f"{_MODERN}:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0"},
    ),
)  # fmt: skip

_LITE = {
    "least": [3, 3], "most": [3, 4], "ciphers": ["aes256gcm", "aes128gcm"],
    "macs": ["aead"], "key_exchanges": ["ecdhe_rsa"],
}  # fmt: skip
TLSLITE = (
    Server("tlslite-strict", "tlslite", options=_LITE),
    Server(
        "tlslite-ssl3", "tlslite", _issues("no-tls1.3 ssl3 rc4 no-forward-secrecy"),
        _LITE | {"least": [3, 0], "most": [3, 0], "ciphers": ["rc4"], "macs": ["sha", "md5"],
                 "key_exchanges": ["rsa"]},
    ),
    Server(
        "tlslite-3des-only", "tlslite", _issues("no-tls1.3 3des cbc no-forward-secrecy"),
        _LITE | {"most": [3, 3], "ciphers": ["3des"], "macs": ["sha"], "key_exchanges": ["rsa"]},
    ),
    Server(
        "tlslite-null", "tlslite", _issues("no-tls1.3 null no-forward-secrecy"),
        _LITE | {"most": [3, 3], "ciphers": ["null", "aes128gcm"], "macs": ["sha", "aead"],
                 "key_exchanges": ["rsa", "ecdhe_rsa"]},
    ),
    Server(
        "tlslite-anonymous", "tlslite", _issues("no-tls1.3 anonymous cbc"),
        _LITE | {"most": [3, 3], "ciphers": ["aes128"], "macs": ["sha"],
                 "key_exchanges": ["ecdh_anon"], "anonymous": True},
    ),
    Server(
        "tlslite-scsv-ignored", "tlslite", _issues("no-tls1.3 tls1.1 cbc scsv-ignored"),
        _LITE | {"least": [3, 2], "most": [3, 3], "ciphers": ["aes256gcm", "aes128"],
                 "macs": ["aead", "sha"], "ignore_scsv": True},
    ),
)  # fmt: skip

_NEWER = {"without": ["ssl2", "ssl3", "tls1.0", "tls1.1"]}
OPENSSL_102 = (
    Server(
        "openssl-1.0.2e-tls1.2", "openssl-1.0.2e", _issues("no-tls1.3"),
        {"ciphers": "ECDHE+AESGCM", **_NEWER},
    ),
    Server(
        "openssl-1.0.2e-renegotiates", "openssl-1.0.2e", _issues("client-renegotiation no-tls1.3"),
        {"ciphers": "ECDHE+AESGCM", "renegotiates": True, **_NEWER},
    ),
    Server(
        "openssl-1.0.2e-compression", "openssl-1.0.2e", _issues("compression no-tls1.3"),
        {"ciphers": "ECDHE+AESGCM", "compression": True, **_NEWER},
    ),
    Server(
        "openssl-1.0.2e-dh-512", "openssl-1.0.2e", _issues("dh-512 no-tls1.3"),
        {"ciphers": "DHE-RSA-AES128-GCM-SHA256", "dh": "own-512", **_NEWER},
    ),
    Server(
        "openssl-1.0.2e-dh-512-renegotiates", "openssl-1.0.2e",
        _issues("dh-512 client-renegotiation no-tls1.3"),
        {"ciphers": "DHE-RSA-AES128-GCM-SHA256", "dh": "own-512", "renegotiates": True, **_NEWER},
    ),
    Server(
        "openssl-1.0.2e-all", "openssl-1.0.2e",
        _issues(
            "ssl2 ssl3 tls1.0 tls1.1 no-tls1.3 rc4 des 3des export cbc no-forward-secrecy"
            " client-renegotiation compression"
        ),
        {"ciphers": "ECDHE+AESGCM:RSA+AES:RSA+RC4:RSA+3DES:RSA+DES:RSA+EXPORT:SSLv2",
         "compression": True, "export_key": True, "renegotiates": True},
    ),
    Server(
        "openssl-1.0.2e-export-only", "openssl-1.0.2e",
        _issues("export rc4 no-forward-secrecy tls1.0 tls1.1 no-tls1.3"),
        {"ciphers": "EXP-RC4-MD5", "export_key": True, "without": ["ssl2", "ssl3"]},
    ),
)  # fmt: skip

_ANYBODY = "host all all 127.0.0.1/32 scram-sha-256"
_OVER_TLS = "hostssl all all 127.0.0.1/32 scram-sha-256"
SERVICES = (
    Server(
        "smtp-strict", "python", options={"least": "1.2", "ciphers": _MODERN}, starttls="smtp"
    ),
    Server(
        "smtp-clear-sign-in", "python", _issues("plaintext-accepted"),
        {"least": "1.2", "ciphers": _MODERN, "clear_sign_in": True}, starttls="smtp",
    ),
    Server(
        "smtp-old", "tlslite", _issues("no-tls1.3 ssl3 rc4 no-forward-secrecy"),
        _LITE | {"least": [3, 0], "most": [3, 0], "ciphers": ["rc4"], "macs": ["sha"],
                 "key_exchanges": ["rsa"]}, starttls="smtp",
    ),
    Server(
        "dovecot-imap-strict", "dovecot", starttls="imap",
        options={"lines": ["ssl = required", "ssl_cipher_list = ECDHE+AESGCM",
                           "ssl_curve_list = X25519:P-256"]},
    ),
    Server(
        "dovecot-imap-clear", "dovecot", _issues("plaintext-accepted"), starttls="imap",
        options={"lines": ["ssl = yes", "disable_plaintext_auth = no",
                           "ssl_cipher_list = ECDHE+AESGCM", "ssl_curve_list = X25519:P-256"]},
    ),
    Server(
        "dovecot-imap-no-tls", "dovecot", _issues("no-tls"), starttls="imap",
        options={"lines": ["ssl = no", "disable_plaintext_auth = no"]},
    ),
    Server(
        "postgresql-required", "postgresql", starttls="postgresql",
        options={"settings": {"ssl": "on"}, "hba": _OVER_TLS},
    ),
    Server(
        "postgresql-optional", "postgresql", _issues("plaintext-accepted"), starttls="postgresql",
        options={"settings": {"ssl": "on"}, "hba": _ANYBODY},
    ),
    Server(
        "postgresql-off", "postgresql", _issues("no-tls"), starttls="postgresql",
        options={"settings": {"ssl": "off"}, "hba": _ANYBODY},
    ),
    Server(
        "postgresql-old", "postgresql", _issues("tls1.0 tls1.1 cbc no-forward-secrecy"),
        starttls="postgresql",
        options={"settings": {"ssl": "on", "ssl_min_protocol_version": "TLSv1",
                              "ssl_ciphers": "ECDHE+AESGCM:AES128-SHA:@SECLEVEL=0"},
                 "hba": _OVER_TLS},
    ),
)  # fmt: skip

_NO_PASSWORD = ["PasswordAuthentication no", "KbdInteractiveAuthentication no"]
SSH = (
    Server(
        "ssh-strict", "sshd",
        options={
            "keys": [("ed25519", 256), ("rsa", 3072)],
            "lines": [
                "KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256",
                "Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com",
                "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
                "HostKeyAlgorithms ssh-ed25519,rsa-sha2-512", *_NO_PASSWORD,
            ],
        },
    ),
    Server(
        "ssh-default", "sshd", _issues("ssh-weak-mac ssh-sha1-mac ssh-password"),
        {"keys": [("ed25519", 256), ("ecdsa", 256), ("rsa", 3072)], "lines": []},
    ),
    Server(
        "ssh-weak", "sshd",
        _issues(
            "ssh-small-kex ssh-sha1-kex ssh-weak-cipher ssh-cbc ssh-weak-mac ssh-sha1-mac"
            " ssh-sha1-signature ssh-weak-host-key ssh-password"
        ),
        {
            "keys": [("ed25519", 256), ("rsa", 1024)],
            "lines": [
                "KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1",
                "Ciphers +3des-cbc,aes128-cbc", "MACs +hmac-md5,hmac-sha1-96",
                "HostKeyAlgorithms +ssh-rsa", "RequiredRSASize 1024",
            ],
        },
    ),
)  # fmt: skip

ALL = (
    *S_SERVER, *CERTIFICATES, *WEB, *LIBRARIES, *TLSLITE, *OPENSSL_102, *SERVICES, *SSH,
)  # fmt: skip
