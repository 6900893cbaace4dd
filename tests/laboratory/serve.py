"""Programs that speak TLS through libraries without a server of their own; one process each.

`serve.py KIND OPTIONS LISTENING`: each connection of the inherited socket is served in a forked
process of at most ten seconds. Stands on its own: it is run, never imported.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Options = dict[str, Any]
Serve = Callable[[socket.socket], None]
PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_LONGEST = 10


# What comes before TLS.


def before_tls(line: socket.socket, options: Options) -> bool:
    """Hold the SMTP dialogue up to the handshake; False when the client goes no further."""
    if options.get("starttls") != "smtp":
        return True
    line.sendall(b"220 laboratory ESMTP\r\n")
    reader = line.makefile("rb", buffering=0)
    while word := reader.readline(512).strip().upper():
        if word.startswith(b"EHLO"):
            clear = b"250-AUTH PLAIN LOGIN\r\n" if options.get("clear_sign_in") else b""
            line.sendall(b"250-laboratory\r\n" + clear + b"250 STARTTLS\r\n")
        elif word == b"STARTTLS":
            line.sendall(b"220 go ahead\r\n")
            return True
        elif word == b"QUIT":
            break
        elif word.startswith(b"AUTH") and not options.get("clear_sign_in"):
            line.sendall(b"530 5.7.0 Must issue a STARTTLS command first\r\n")
        else:
            line.sendall(b"334 \r\n" if word.startswith(b"AUTH") else b"250 ok\r\n")
    return False


# Python's ssl.


def of_python(options: Options) -> Serve:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    versions = {"1.0": ssl.TLSVersion.TLSv1, "1.2": ssl.TLSVersion.TLSv1_2}
    context.minimum_version = versions[options["least"]]
    if options.get("most"):
        context.maximum_version = versions[options["most"]]
    context.set_ciphers(options["ciphers"])
    context.load_cert_chain(options["chain"], options["key"])
    if options.get("renegotiates"):
        # SSL_OP_ALLOW_CLIENT_RENEGOTIATION of OpenSSL 3, which Python has no name for.
        context.options |= 1 << 8
    if options.get("ask_client"):
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options["ask_client"])

    def serve(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as tls:
            while tls.recv(4096):
                tls.sendall(PAGE)

    return serve


# tlslite-ng: what no current library does any more.


def of_tlslite(options: Options) -> Serve:
    from tlslite import tlsconnection  # type: ignore[import-untyped]
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey  # type: ignore[import-untyped]
    from tlslite.constants import CipherSuite  # type: ignore[import-untyped]

    # RFC 6066 admits no literal address as a name; most servers do not mind, and most tools send it.
    tlsconnection.is_valid_hostname = lambda _: True
    if options.get("ignore_scsv"):
        # The value by which the server would know it; no client sends this one.
        CipherSuite.TLS_FALLBACK_SCSV = 0xFFFE
    chain = X509CertChain()
    chain.parsePemList(Path(options["chain"]).read_text())
    key = parsePEMKey(Path(options["key"]).read_text(), private=True)
    settings = HandshakeSettings()
    settings.minVersion = tuple(options["least"])
    settings.maxVersion = tuple(options["most"])
    settings.cipherNames = options["ciphers"]
    settings.macNames = options["macs"]
    settings.keyExchangeNames = options["key_exchanges"]
    settings.eccCurves = settings.keyShares = ["secp256r1"]
    settings.use_heartbeat_extension = False

    def serve(line: socket.socket) -> None:
        tls = TLSConnection(line)
        anonymous = bool(options.get("anonymous"))
        tls.handshakeServer(
            certChain=None if anonymous else chain, privateKey=None if anonymous else key,
            anon=anonymous, settings=settings,
        )  # fmt: skip
        while tls.read(min=1, max=4096):
            tls.write(PAGE)

    return serve


# GnuTLS, which has no server that can be told to listen on loopback only.


def of_gnutls(options: Options) -> Serve:
    library = ctypes.CDLL("libgnutls.so.30")
    pointer, server = ctypes.c_void_p, 1
    credentials, priorities = pointer(), pointer()

    def check(code: int) -> None:
        if code < 0:
            library.gnutls_strerror.restype = ctypes.c_char_p
            raise OSError(library.gnutls_strerror(code).decode())

    check(library.gnutls_certificate_allocate_credentials(ctypes.byref(credentials)))
    files = (options["chain"].encode(), options["key"].encode())
    check(library.gnutls_certificate_set_x509_key_file(credentials, *files, 1))
    check(library.gnutls_certificate_set_known_dh_params(credentials, 3))
    wanted = options["priority"].encode()
    check(library.gnutls_priority_init(ctypes.byref(priorities), wanted, None))
    library.gnutls_record_recv.restype = ctypes.c_ssize_t
    rehandshake = -37

    def shake(session: ctypes.c_void_p) -> None:
        while (code := library.gnutls_handshake(session)) < 0:
            if library.gnutls_error_is_fatal(code):
                check(code)

    def serve(line: socket.socket) -> None:
        session = pointer()
        check(library.gnutls_init(ctypes.byref(session), server))
        check(library.gnutls_priority_set(session, priorities))
        check(library.gnutls_credentials_set(session, 1, credentials))
        library.gnutls_transport_set_int2(session, line.fileno(), line.fileno())
        shake(session)
        buffer = ctypes.create_string_buffer(4096)
        while (got := library.gnutls_record_recv(session, buffer, ctypes.c_size_t(4096))) != 0:
            if got == rehandshake and options.get("renegotiates"):
                shake(session)
            elif got < 0:
                # no_renegotiation is a warning: the session goes on.
                library.gnutls_alert_send(session, 1, 100)
                if library.gnutls_error_is_fatal(int(got)):
                    return
            else:
                library.gnutls_record_send(session, PAGE, ctypes.c_size_t(len(PAGE)))

    return serve


# OpenSSL 1.0.2e, which the wheel of nassl carries whole: SSLv2, EXPORT, DES, compression, DH 512.


def of_openssl_102(options: Options) -> Serve:
    ssl = _symbols()
    ssl.SSL_library_init()
    ssl.SSL_load_error_strings()
    context = ssl.SSL_CTX_new(ssl.SSLv23_server_method())
    options_command, single_dh, no_compression = 32, 0x00100000, 0x00020000
    barred = single_dh | (0 if options.get("compression") else no_compression)
    for version in options.get("without", ()):
        barred |= {"ssl2": 1 << 24, "ssl3": 1 << 25, "tls1.0": 1 << 26, "tls1.1": 1 << 28}[version]
    ssl.SSL_CTX_ctrl(context, options_command, barred, None)
    set_mode, auto_retry = 33, 4
    ssl.SSL_CTX_ctrl(context, set_mode, auto_retry, None)
    # SSL_OP_NO_SSLv2 is set by default since 1.0.2g only; SSL_CTX_new sets nothing here.
    loaded = ssl.SSL_CTX_use_certificate_chain_file(context, options["chain"].encode())
    loaded &= ssl.SSL_CTX_use_PrivateKey_file(context, options["key"].encode(), 1)
    loaded &= ssl.SSL_CTX_set_cipher_list(context, options["ciphers"].encode())
    if loaded != 1:
        raise OSError("OpenSSL 1.0.2e takes neither key nor suites")
    ssl.SSL_CTX_set_session_id_context(context, b"lab", 3)
    set_dh, set_ecdh_auto, set_rsa = 3, 94, 2
    if options.get("dh"):
        text = Path(options["dh"]).read_bytes()
        parameters = ssl.PEM_read_bio_DHparams(
            ssl.BIO_new_mem_buf(text, len(text)), None, None, None
        )
        ssl.SSL_CTX_ctrl(context, set_dh, 0, parameters)
    ssl.SSL_CTX_ctrl(context, set_ecdh_auto, 1, None)
    if options.get("export_key"):
        exponent = ssl.BN_new()
        ssl.BN_set_word(exponent, 65537)
        key = ssl.RSA_new()
        ssl.RSA_generate_key_ex(key, 512, exponent, None)
        ssl.SSL_CTX_ctrl(context, set_rsa, 0, key)

    def serve(line: socket.socket) -> None:
        session = ssl.SSL_new(context)
        handshakes: list[int] = []

        def watch(_: int, where: int, __: int) -> None:
            begun, renegotiated = 0x10, len(handshakes) > 1
            handshakes.extend([where] if where & begun else [])
            if len(handshakes) > 1 and not renegotiated and not options.get("renegotiates"):
                line.shutdown(socket.SHUT_RDWR)

        # This library has no option against it.
        watching = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)(watch)
        ssl.SSL_set_info_callback(session, ctypes.cast(watching, ctypes.c_void_p))
        ssl.SSL_set_fd(session, line.fileno())
        if ssl.SSL_accept(session) != 1:
            return
        buffer = ctypes.create_string_buffer(4096)
        while ssl.SSL_read(session, buffer, 4096) > 0:
            ssl.SSL_write(session, PAGE, len(PAGE))

    return serve


_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    name: (kind, [{"p": ctypes.c_void_p, "i": ctypes.c_int, "l": ctypes.c_long,
                   "s": ctypes.c_char_p}[letter] for letter in takes])
    for name, kind, takes in (
        ("SSL_library_init", ctypes.c_int, ""), ("SSL_load_error_strings", None, ""),
        ("SSLv23_server_method", ctypes.c_void_p, ""), ("SSL_CTX_new", ctypes.c_void_p, "p"),
        ("SSL_CTX_ctrl", ctypes.c_long, "pilp"),
        ("SSL_CTX_use_certificate_chain_file", ctypes.c_int, "ps"),
        ("SSL_CTX_use_PrivateKey_file", ctypes.c_int, "psi"),
        ("SSL_CTX_set_cipher_list", ctypes.c_int, "ps"),
        ("SSL_CTX_set_session_id_context", ctypes.c_int, "psi"),
        ("SSL_set_info_callback", None, "pp"),
        ("SSL_new", ctypes.c_void_p, "p"), ("SSL_set_fd", ctypes.c_int, "pi"),
        ("SSL_accept", ctypes.c_int, "p"), ("SSL_read", ctypes.c_int, "psi"),
        ("SSL_write", ctypes.c_int, "psi"), ("BIO_new_mem_buf", ctypes.c_void_p, "si"),
        ("PEM_read_bio_DHparams", ctypes.c_void_p, "pppp"), ("BN_new", ctypes.c_void_p, ""),
        ("BN_set_word", ctypes.c_int, "pl"), ("RSA_new", ctypes.c_void_p, ""),
        ("RSA_generate_key_ex", ctypes.c_int, "pipp"),
    )
}  # fmt: skip


def _symbols() -> SimpleNamespace:
    """Return the library's functions, which the extension module keeps to itself.

    Their addresses are in its symbol table (ELF 64, little endian), relative to the one it exports.
    """
    from nassl import _nassl_legacy

    path = Path(_nassl_legacy.__file__)
    table = _symbol_table(path.read_bytes())
    entry = "PyInit__nassl_legacy"
    exported = ctypes.cast(getattr(ctypes.CDLL(str(path)), entry), ctypes.c_void_p).value
    assert exported is not None
    base = exported - table[entry]
    return SimpleNamespace(
        **{
            name: ctypes.CFUNCTYPE(kind, *takes)(base + table[name])
            for name, (kind, takes) in _SIGNATURES.items()
        }
    )


def _symbol_table(image: bytes) -> dict[str, int]:
    (sections,) = struct.unpack_from("<Q", image, 0x28)
    size, count = struct.unpack_from("<HH", image, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", image, sections + n * size) for n in range(count)]
    (symbols,) = (header for header in headers if header[1] == 2)
    names = headers[symbols[6]][4]
    found = {}
    for offset in range(symbols[4], symbols[4] + symbols[5], 24):
        name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", image, offset)
        if value:
            found[image[names + name : image.index(b"\0", names + name)].decode()] = value
    return found


KINDS: dict[str, Callable[[Options], Serve]] = {
    "python": of_python,
    "tlslite": of_tlslite,
    "gnutls": of_gnutls,
    "openssl-1.0.2e": of_openssl_102,
}


def main(kind: str, written: str, inherited: str) -> None:
    """Serve until the parent ends it."""
    options: Options = json.loads(written)
    serve = KINDS[kind](options)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(fileno=int(inherited))
    print("ready", flush=True)
    while True:
        line, _ = listening.accept()
        if os.fork() == 0:
            signal.alarm(_LONGEST)
            try:
                if before_tls(line, options):
                    serve(line)
            finally:
                # Whatever a client made of the handshake ends here, with this process.
                os._exit(0)
        line.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
