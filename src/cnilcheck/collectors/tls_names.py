"""What TLS calls its numbers: versions, cipher suites, groups, alerts and well-known primes.

Suites bear the names and codes of IANA's registry (https://www.iana.org/assignments/tls-parameters),
kept as `first code, key exchanges, ciphers`; all else about a suite is read from its name. Compared
with OpenSSL 3.0 and nmap 7.93 on 2026-11-26. Left out: Kerberos, SRP, ECCPWD, NULL_WITH_NULL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Version(StrEnum):
    """A protocol version, oldest first."""

    SSL_2_0 = "SSL 2.0"
    SSL_3_0 = "SSL 3.0"
    TLS_1_0 = "TLS 1.0"
    TLS_1_1 = "TLS 1.1"
    TLS_1_2 = "TLS 1.2"
    TLS_1_3 = "TLS 1.3"

    @property
    def wire(self) -> int:
        """The two bytes that name the version on the wire."""
        return _WIRE[self]


_WIRE = {
    Version.SSL_2_0: 0x0002,
    Version.SSL_3_0: 0x0300,
    Version.TLS_1_0: 0x0301,
    Version.TLS_1_1: 0x0302,
    Version.TLS_1_2: 0x0303,
    Version.TLS_1_3: 0x0304,
}
VERSION_OF_WIRE = {wire: version for version, wire in _WIRE.items()}


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite, taken apart. `bits` is the nominal key length (3DES: 168, EXPORT: 40 or 56).

    `key_exchange`: RSA, DHE, DH, ECDHE, ECDH, PSK, DHE_PSK, RSA_PSK, ECDHE_PSK, GOST, and "any" in
    TLS 1.3. `authentication`: RSA, DSS, ECDSA, PSK, GOST, "anon" (nobody), "any" in TLS 1.3.
    `mode`: CBC, GCM, CCM, CCM_8, POLY1305, CTR, STREAM, "none". `mac`: AEAD, MD5, SHA1, SHA256, ...
    """

    code: int
    name: str
    key_exchange: str
    authentication: str
    cipher: str
    bits: int
    mode: str
    mac: str

    @property
    def ephemeral(self) -> bool:
        """Whether the key exchange makes a new key each time (DH_anon does, static DH does not)."""
        return self.key_exchange.startswith(("DHE", "ECDHE")) or self.key_exchange == "any"

    @property
    def export(self) -> bool:
        """Whether the suite was weakened on purpose for export rules."""
        return "EXPORT" in self.name


_DH = "RSA,DH_DSS,DH_RSA,DHE_DSS,DHE_RSA,DH_anon"
_DH_AEAD = "RSA,DHE_RSA,DH_RSA,DHE_DSS,DH_DSS,DH_anon"
_EC = "ECDHE_ECDSA,ECDH_ECDSA,ECDHE_RSA,ECDH_RSA"
_PSK = "PSK,DHE_PSK,RSA_PSK"

_REGISTRY = f"""
0001 RSA NULL_MD5,NULL_SHA
0003 RSA_EXPORT RC4_40_MD5
0004 RSA RC4_128_MD5,RC4_128_SHA
0006 RSA_EXPORT RC2_CBC_40_MD5
0007 RSA IDEA_CBC_SHA
0008 RSA_EXPORT DES40_CBC_SHA
0009 RSA DES_CBC_SHA,3DES_EDE_CBC_SHA
000B DH_DSS_EXPORT DES40_CBC_SHA
000C DH_DSS DES_CBC_SHA,3DES_EDE_CBC_SHA
000E DH_RSA_EXPORT DES40_CBC_SHA
000F DH_RSA DES_CBC_SHA,3DES_EDE_CBC_SHA
0011 DHE_DSS_EXPORT DES40_CBC_SHA
0012 DHE_DSS DES_CBC_SHA,3DES_EDE_CBC_SHA
0014 DHE_RSA_EXPORT DES40_CBC_SHA
0015 DHE_RSA DES_CBC_SHA,3DES_EDE_CBC_SHA
0017 DH_anon_EXPORT RC4_40_MD5
0018 DH_anon RC4_128_MD5
0019 DH_anon_EXPORT DES40_CBC_SHA
001A DH_anon DES_CBC_SHA,3DES_EDE_CBC_SHA
002C {_PSK} NULL_SHA
002F {_DH} AES_128_CBC_SHA
0035 {_DH} AES_256_CBC_SHA
003B RSA NULL_SHA256,AES_128_CBC_SHA256,AES_256_CBC_SHA256
003E DH_DSS,DH_RSA,DHE_DSS AES_128_CBC_SHA256
0041 {_DH} CAMELLIA_128_CBC_SHA
0060 RSA_EXPORT1024 RC4_56_MD5,RC2_CBC_56_MD5,DES_CBC_SHA
0063 DHE_DSS_EXPORT1024 DES_CBC_SHA
0064 RSA_EXPORT1024,DHE_DSS_EXPORT1024 RC4_56_SHA
0066 DHE_DSS RC4_128_SHA
0067 DHE_RSA AES_128_CBC_SHA256
0068 DH_DSS,DH_RSA,DHE_DSS,DHE_RSA AES_256_CBC_SHA256
006C DH_anon AES_128_CBC_SHA256,AES_256_CBC_SHA256
0084 {_DH} CAMELLIA_256_CBC_SHA
008A {_PSK} RC4_128_SHA,3DES_EDE_CBC_SHA,AES_128_CBC_SHA,AES_256_CBC_SHA
0096 {_DH} SEED_CBC_SHA
009C {_DH_AEAD},{_PSK} AES_128_GCM_SHA256,AES_256_GCM_SHA384
00AE {_PSK} AES_128_CBC_SHA256,AES_256_CBC_SHA384,NULL_SHA256,NULL_SHA384
00BA {_DH} CAMELLIA_128_CBC_SHA256
00C0 {_DH} CAMELLIA_256_CBC_SHA256
00C6 - SM4_GCM_SM3,SM4_CCM_SM3
1301 - AES_128_GCM_SHA256,AES_256_GCM_SHA384,CHACHA20_POLY1305_SHA256,AES_128_CCM_SHA256
1305 - AES_128_CCM_8_SHA256,AEGIS_256_SHA512,AEGIS_128L_SHA256
C001 ECDH_ECDSA,ECDHE_ECDSA,ECDH_RSA,ECDHE_RSA,ECDH_anon \
NULL_SHA,RC4_128_SHA,3DES_EDE_CBC_SHA,AES_128_CBC_SHA,AES_256_CBC_SHA
C023 {_EC} AES_128_CBC_SHA256,AES_256_CBC_SHA384
C02B {_EC} AES_128_GCM_SHA256,AES_256_GCM_SHA384
C033 ECDHE_PSK RC4_128_SHA,3DES_EDE_CBC_SHA,AES_128_CBC_SHA,AES_256_CBC_SHA,AES_128_CBC_SHA256
C038 ECDHE_PSK AES_256_CBC_SHA384,NULL_SHA,NULL_SHA256,NULL_SHA384
C03C {_DH},{_EC} ARIA_128_CBC_SHA256,ARIA_256_CBC_SHA384
C050 {_DH_AEAD},{_EC} ARIA_128_GCM_SHA256,ARIA_256_GCM_SHA384
C064 {_PSK} ARIA_128_CBC_SHA256,ARIA_256_CBC_SHA384
C06A {_PSK} ARIA_128_GCM_SHA256,ARIA_256_GCM_SHA384
C070 ECDHE_PSK ARIA_128_CBC_SHA256,ARIA_256_CBC_SHA384
C072 {_EC} CAMELLIA_128_CBC_SHA256,CAMELLIA_256_CBC_SHA384
C07A {_DH_AEAD},{_EC},{_PSK} CAMELLIA_128_GCM_SHA256,CAMELLIA_256_GCM_SHA384
C094 {_PSK},ECDHE_PSK CAMELLIA_128_CBC_SHA256,CAMELLIA_256_CBC_SHA384
C09C RSA,DHE_RSA AES_128_CCM,AES_256_CCM
C0A0 RSA,DHE_RSA AES_128_CCM_8,AES_256_CCM_8
C0A4 PSK,DHE_PSK AES_128_CCM,AES_256_CCM
C0A8 PSK,PSK_DHE AES_128_CCM_8,AES_256_CCM_8
C0AC ECDHE_ECDSA AES_128_CCM,AES_256_CCM,AES_128_CCM_8,AES_256_CCM_8
C0B4 - SHA256_SHA256,SHA384_SHA384
C100 GOSTR341112_256 KUZNYECHIK_CTR_OMAC,MAGMA_CTR_OMAC,28147_CNT_IMIT
CCA8 ECDHE_RSA,ECDHE_ECDSA,DHE_RSA,PSK,ECDHE_PSK,DHE_PSK,RSA_PSK CHACHA20_POLY1305_SHA256
D001 ECDHE_PSK AES_128_GCM_SHA256,AES_256_GCM_SHA384
FEFE RSA_FIPS DES_CBC_SHA,3DES_EDE_CBC_SHA
"""

# The SSL 2.0 draft of 1995, appendix C.4, and RC4_64 as SSLeay had it; the key bits are the secret
# ones (DES_64 has 56).
_SSL2_REGISTRY = """
010080 RC4_128_WITH_MD5 RC4 128 STREAM
020080 RC4_128_EXPORT40_WITH_MD5 RC4 40 STREAM
030080 RC2_128_CBC_WITH_MD5 RC2 128 CBC
040080 RC2_128_CBC_EXPORT40_WITH_MD5 RC2 40 CBC
050080 IDEA_128_CBC_WITH_MD5 IDEA 128 CBC
060040 DES_64_CBC_WITH_MD5 DES 56 CBC
0700C0 DES_192_EDE3_CBC_WITH_MD5 3DES 168 CBC
080080 RC4_64_WITH_MD5 RC4 64 STREAM
"""

_NOMINAL_BITS = {
    "3DES": 168, "DES": 56, "DES40": 40, "IDEA": 128, "SEED": 128, "CHACHA20": 256, "SM4": 128,
    "NULL": 0, "SHA256": 0, "SHA384": 0, "KUZNYECHIK": 256, "MAGMA": 256, "28147": 256,
}  # fmt: skip
_MODES = ("CBC", "GCM", "CCM", "CTR", "CNT", "POLY1305", "AEGIS")


def suite_of_name(code: int, name: str) -> Suite:
    """Return the suite an IANA name describes."""
    body = name.removeprefix("TLS_").removeprefix("SSL_")
    exchange, _, algorithm = body.rpartition("_WITH_")
    words = algorithm.split("_")
    cipher, bits, mode = _cipher(words)
    mac = "SHA1" if words[-1] == "SHA" else words[-1]
    if mode in ("GCM", "CCM", "CCM_8", "POLY1305", "AEGIS"):
        mac = "AEAD"
    return Suite(code, name, *_exchange(exchange), cipher, bits, mode, mac)


def _exchange(words: str) -> tuple[str, str]:
    """Return key exchange and authentication of the part of a name before `_WITH_`."""
    if not words:
        return "any", "any"
    plain = words.replace("_EXPORT1024", "").replace("_EXPORT", "").replace("_FIPS", "")
    if plain.startswith("GOST"):
        return "GOST", "GOST"
    if plain.endswith("_anon"):
        return plain.removesuffix("_anon") + "E", "anon"
    if "PSK" in plain:
        return ("DHE_PSK" if plain == "PSK_DHE" else plain), "PSK"
    exchange, _, authentication = plain.partition("_")
    return exchange, authentication or exchange


def _cipher(words: list[str]) -> tuple[str, int, str]:
    """Return cipher, key bits and mode of the part of a name after `_WITH_`."""
    head = words[0]
    numbers = [int(word.removesuffix("L")) for word in words[1:3] if word[0] in "123456"]
    bits = numbers[0] if numbers else _NOMINAL_BITS[head]
    mode = next((word for word in (*words[1:], head) if word in _MODES), "none")
    if mode == "CCM" and "8" in words:
        mode = "CCM_8"
    if head == "RC4":
        mode = "STREAM"
    cipher = {"DES40": "DES", "28147": "GOST28147", "SHA256": "NULL", "SHA384": "NULL"}
    return cipher.get(head, head), bits, "CTR" if mode == "CNT" else mode


def _registered() -> dict[int, Suite]:
    suites: dict[int, Suite] = {}
    for line in _REGISTRY.strip().splitlines():
        first, exchanges, ciphers = line.split()
        names = [
            _name(exchange, cipher)
            for exchange in exchanges.split(",")
            for cipher in ciphers.split(",")
        ]
        suites |= {c: suite_of_name(c, name) for c, name in enumerate(names, int(first, 16))}
    for line in _SSL2_REGISTRY.strip().splitlines():
        kind, name, cipher, bits, mode = line.split()
        code = int(kind, 16)
        suites[code] = Suite(code, f"SSL_CK_{name}", "RSA", "RSA", cipher, int(bits), mode, "MD5")
    return suites


def _name(exchange: str, cipher: str) -> str:
    if exchange == "-":
        return f"TLS_{cipher}"
    family = "SSL" if exchange.endswith("FIPS") else "TLS"
    return f"{family}_{exchange}_WITH_{cipher}"


SUITES = _registered()
"""Every suite this project can name; SSL 2.0 kinds have three bytes, all others two."""

FALLBACK_SCSV = 0x5600
RENEGOTIATION_SCSV = 0x00FF


@cache
def offered(version: Version) -> tuple[int, ...]:
    """Return the suites worth offering in a version, strongest first; PSK and GOST are not."""
    return tuple(sorted((s.code for s in SUITES.values() if _offered_in(s, version)), key=_rank))


def _offered_in(suite: Suite, version: Version) -> bool:
    if version is Version.SSL_2_0 or suite.code > 0xFFFF:
        return version is Version.SSL_2_0 and suite.code > 0xFFFF
    if version is Version.TLS_1_3 or suite.key_exchange == "any":
        return version is Version.TLS_1_3 and suite.key_exchange == "any"
    if "PSK" in suite.key_exchange or suite.key_exchange == "GOST":
        return False
    return version is Version.TLS_1_2 or suite.mac in ("MD5", "SHA1")


def _rank(code: int) -> tuple[bool | int, ...]:
    suite = SUITES[code]
    return (
        suite.bits < 112 or suite.authentication == "anon",
        not suite.ephemeral,
        suite.mac != "AEAD",
        suite.cipher not in ("AES", "CHACHA20"),
        suite.mode == "CCM_8",
        suite.key_exchange == "DHE",
        -suite.bits,
        code,
    )


COMMON_SUITES = frozenset({
    0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9, 0xC009, 0xC00A, 0xC013, 0xC014, 0xC027, 0xC028,
    0x009C, 0x009D, 0x009E, 0x009F, 0x002F, 0x0035, 0x0033, 0x0039, 0x003C, 0x000A, 0x0005, 0x0004,
})  # fmt: skip
"""What is left to offer to a server that chokes on a long list."""


@dataclass(frozen=True, slots=True)
class Group:
    """A named group (curve, finite field or hybrid) of the key exchange."""

    code: int
    name: str


_CURVES = (
    "sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 "
    "sect283r1 sect409k1 sect409r1 sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 "
    "secp192r1 secp224k1 secp224r1 secp256k1 secp256r1 secp384r1 secp521r1 brainpoolP256r1 "
    "brainpoolP384r1 brainpoolP512r1 x25519 x448 brainpoolP256r1tls13 brainpoolP384r1tls13 "
    "brainpoolP512r1tls13 GC256A GC256B GC256C GC256D GC512A GC512B GC512C curveSM2"
)
_OTHER_GROUPS = {
    0x0100: "ffdhe2048", 0x0101: "ffdhe3072", 0x0102: "ffdhe4096", 0x0103: "ffdhe6144",
    0x0104: "ffdhe8192", 0x0200: "MLKEM512", 0x0201: "MLKEM768", 0x0202: "MLKEM1024",
    0x11EB: "SecP256r1MLKEM768", 0x11EC: "X25519MLKEM768", 0x11ED: "SecP384r1MLKEM1024",
    0x11EE: "curveSM2MLKEM768", 0x6399: "X25519Kyber768Draft00",
    0xFF01: "arbitrary_explicit_prime_curves", 0xFF02: "arbitrary_explicit_char2_curves",
}  # fmt: skip
GROUPS = {
    code: Group(code, name)
    for code, name in {**dict(enumerate(_CURVES.split(), 1)), **_OTHER_GROUPS}.items()
}

TLS13_GROUPS = (
    0x11EC, 0x11EB, 0x11ED, 0x11EE, 0x0200, 0x0201, 0x0202, 0x6399, 29, 23, 30, 24, 25, 31, 32, 33,
    41, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104,
)  # fmt: skip
ECDHE_GROUPS = (29, 23, 30, 24, 25, 26, 27, 28, *range(22, 0, -1))
"""For TLS 1.2 and older, without the finite fields: they would bind a server's choice of DHE."""

ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
    22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure",
    41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate",
    44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback",
    90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 114: "bad_certificate_hash_value",
    115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip

SIGNATURE_SCHEMES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081A, 0x081B, 0x081C, 0x0809, 0x080A, 0x080B, 0x0804,
    0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602, 0x0203,
    0x0201, 0x0202, 0x0101, 0x0708, 0x0904, 0x0905, 0x0906,
)  # fmt: skip
"""Everything a server may want to sign with, from Ed25519 and ML-DSA to RSA with MD5."""

ALPN_NAMES = (
    "h2", "http/1.1", "http/1.0", "imap", "pop3", "smtp", "managesieve", "ftp", "xmpp-client",
    "xmpp-server", "postgresql", "mqtt", "ntske/1", "dot", "acme-tls/1",
)  # fmt: skip


# RFC 2409 §6 and RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + k).
_MODP = {
    768: (149686, "RFC 2409 group 1"), 1024: (129093, "RFC 2409 group 2"),
    1536: (741804, "RFC 3526 group 5"), 2048: (124476, "RFC 3526 group 14"),
    3072: (1690314, "RFC 3526 group 15"), 4096: (240904, "RFC 3526 group 16"),
    6144: (929484, "RFC 3526 group 17"), 8192: (4743158, "RFC 3526 group 18"),
}  # fmt: skip
# RFC 7919 appendix A: p = 2^n - 2^(n-64) + (floor(2^(n-130) * e) + k) * 2^64 - 1.
_FFDHE = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}

# Parameters that products shipped for everybody: as printed in the sources of each product, and in
# nmap 7.93 ssl-dh-params.nse. RFC 5114's and Java's are DSA groups, the rest safe primes.
_SHIPPED = {
    "Apache 2.0 (512)": (
        "d4bcd52406f69b35994b88de5db89682c8157f62d8f33633ee5772f11f05ab22d6b5145b9f241e5acc31ff09"
        "0a4bc71148976f76795094e71e7903529f5a824b"
    ),
    "Apache 2.0 (1024)": (
        "e6969d3d495be32c7cf180c3bdd4798e91b7818251bb055e2a2064904a79a770fa15a259cbd523a6a6ef09c4"
        "3048d5a22f971f3c20129b48000e6edd061cbc053e371d794e5327df611ebbbe1bac9b5c6044cf023d76e05e"
        "ea9bad991b13a63c974e9ef1839eb5db125136f7262e56a8871538dfd823c6505085e21f0dd5c86b"
    ),
    "Apache 2.2 (512)": (
        "9fdb8b8a004544f0045f1737d0ba2e0b274cdf1a9f588218fb435316a16e374171fd19d8d8f37c39bf863fd6"
        "0e3e300680a3030c6e4c3757d08f70e6aa871033"
    ),
    "Apache 2.2 (1024)": (
        "d67de440cbbbdc1936d693d34afd0ad50c84d239a45f520bb88174cb98bce951849f912e639c72fb13b4b4d7"
        "177e16d55ac179ba420b2a29fe324a467a635e81ff5901377beddcfd33168a461aad3b72dae8860078045b07"
        "a7dbca7874087d1510ea9fcc9ddd330507dd62db88aeaa747de0f4d6e2bd68b0e7393e0f24218eb3"
    ),
    "nginx (1024)": (
        "bbbc2dcad84674907c43fcf580e9cfdbd958a3f568b42d4b08eed4eb0fb3504c6c030276e710800c5ccbbaa8"
        "922614c5beeca565a5fdf1d287a2bc049be6778060e91a92a757e3048f68b076f7d36cc8f29ba5df81dc2ca7"
        "25ece66270cc9a5035d8ceceef9ea0274a63ab1e58fafd4988d0f65d146757da071df045cfe16b9b"
    ),
    "Java (512)": (
        "fca682ce8e12caba26efccf7110e526db078b05edecbcd1eb4a208f3ae1617ae01f35b91a47e6df63413c5e1"
        "2ed0899bcd132acd50d99151bdc43ee737592e17"
    ),
    "Java (768)": (
        "e9e642599d355f37c97ffd3567120b8e25c9cd43e927b3a9670fbec5d890141922d2c3b3ad2480093799869d"
        "1e846aab49fab0ad26d2ce6a22219d470bce7d777d4a21fbe9c270b57f607002f3cef8393694cf45ee3688c1"
        "1a8c56ab127a3daf"
    ),
    "Java (1024)": (
        "fd7f53811d75122952df4a9c2eece4e7f611b7523cef4400c31e3f80b6512669455d402251fb593d8d58fabf"
        "c5f5ba30f6cb9b556cd7813b801d346ff26660b76b9950a5a49f9fe8047b1022c24fbba9d7feb7c61bf83b57"
        "e7c6a8a6150f04fb83f6d3c51ec3023554135a169132f675f3ae2b61d72aeff22203199dd14801c7"
    ),
    "OpenSSL (512)": (
        "da583c16d9852289d0e4af756f4cca92dd4be533b804fb0fed94ef9c8a4403ed574650d36999db29d776276b"
        "a2d3d412e218f4dd1e084cf6d8003e7c4774e833"
    ),
    "OpenSSL (1024)": (
        "97f64261cab505dd2828e13f1d68b6d3dbd0f313047f40e856da58cb13b8a1bf2b783a4c6d59d5f92afc6cff"
        "3d693f78b23d4f3160a9502e3efaf7ab5e1ad5a65e554313828da83b9ff2d941dee95689fadaea0936addf19"
        "71fe635b20af470364603c2de059f54b650ad8fa0cf70121c74799d7587132be9b999bb9b787e8ab"
    ),
    "RFC 5114 (1024-160)": (
        "b10b8f96a080e01dde92de5eae5d54ec52c99fbcfb06a3c69a6a9dca52d23b616073e28675a23d189838ef1e"
        "2ee652c013ecb4aea906112324975c3cd49b83bfaccbdd7d90c4bd7098488e9c219a73724effd6fae5644738"
        "faa31a4ff55bccc0a151af5f0dc8b4bd45bf37df365c1a65e68cfda76d4da708df1fb2bc2e4a4371"
    ),
    "RFC 5114 (2048-224)": (
        "ad107e1e9123a9d0d660faa79559c51fa20d64e5683b9fd1b54b1597b61d0a75e6fa141df95a56dbaf9a3c40"
        "7ba1df15eb3d688a309c180e1de6b85a1274a0a66d3f8152ad6ac2129037c9edefda4df8d91e8fef55b7394b"
        "7ad5b7d0b6c12207c9f98d11ed34dbf6c6ba0b2c8bbc27be6a00e0a0b9c49708b3bf8a317091883681286130"
        "bc8985db1602e714415d9330278273c7de31efdc7310f7121fd5a07415987d9adc0a486dcdf93acc44328387"
        "315d75e198c641a480cd86a1b9e587e8be60e69cc928b2b9c52172e413042e9b23f10b0e16e79763c9b53dcf"
        "4ba80a29e3fb73c16b8e75b97ef363e2ffa31f71cf9de5384e71b81c0ac4dffe0c10e64f"
    ),
    "RFC 5114 (2048-256)": (
        "87a8e61db4b6663cffbbd19c651959998ceef608660dd0f25d2ceed4435e3b00e00df8f1d61957d4faf7df45"
        "61b2aa3016c3d91134096faa3bf4296d830e9a7c209e0c6497517abd5a8a9d306bcf67ed91f9e6725b4758c0"
        "22e0b1ef4275bf7b6c5bfc11d45f9088b941f54eb1e59bb8bc39a0bf12307f5c4fdb70c581b23f76b63acae1"
        "caa6b7902d52526735488a0ef13c6d9a51bfa4ab3ad8347796524d8ef6a167b5a41825d967e144e514056425"
        "1ccacb83e6b486f6b3ca3f7971506026c0b857f689962856ded4010abd0be621c3a3960a54e710c375f26375"
        "d7014103a4b54330c198af126116d2276e11715f693877fad7ef09cadb094ae91e1a1597"
    ),
    "HAProxy 1.5 (2048)": (
        "ec86f870a03316ec051a7359cd1f8bf829e4d2cf52ddc2248db5389afb5ca4e4b2dace665074a6854d4b1d30"
        "b82bf310e9a72d0571e781df8b59523b5f430b68f1db07be086b1b23ee4dcc9e0e43a01edf438cecbebe90b4"
        "5154b92f7b64764e5dd42eaec29eae514359c7779c503c0eed73045ff14c762ad8f8cffc3440d1b442618466"
        "423904f868b262d755ed1b747591e0c569c1315cdb7b442ece84580d1e660cc8449efd4008675dfba7768f00"
        "1187e993f97dc4bc745520d44a412f43421ac1f297174927376b2f887e1ca0a1899227d9565a71c156377e3a"
        "9d05e7ee5d8f8217bce9c2933082f9f4c9ae49dbd054b4d9754dfa06b8d63841b71f77f3"
    ),
    "Postfix (1024)": (
        "b0feb4cfd45507e7cc88590d1726c50ca54a92238178da88aa4c1306bf5d2f9ebc96b851009d0c0d75adfd3b"
        "b17e714f3f91541444b830251cebdf729c4cf1890d683f948ea4fb768918b29116900199668c53814e273d99"
        "e75a7aafd5ece27efaed0118c2782559065c39f6cd4954afc1b1ea4af953d0df6dafd493e7baae9b"
    ),
}


@cache
def known_primes() -> dict[int, str]:
    """Return the primes many servers share, and whose they are."""
    modp = {_field(n, _pi(n - 130), k): name for n, (k, name) in _MODP.items()}
    ffdhe = {_field(n, _e(n - 130), k): f"RFC 7919 ffdhe{n}" for n, k in _FFDHE.items()}
    shipped = {int(text, 16): name for name, text in _SHIPPED.items()}
    return {**shipped, **modp, **ffdhe}


def _field(bits: int, digits: int, k: int) -> int:
    return (1 << bits) - (1 << bits - 64) - 1 + ((digits + k) << 64)


def _pi(bits: int) -> int:
    """Return floor(2^bits * pi), by Machin's formula."""
    return (16 * _arctan_inverse(5, bits + 64) - 4 * _arctan_inverse(239, bits + 64)) >> 64


def _arctan_inverse(x: int, bits: int) -> int:
    power = (1 << bits) // x
    total, n, sign = power, 1, 1
    while power:
        power //= x * x
        n, sign = n + 2, -sign
        total += sign * (power // n)
    return total


def _e(bits: int) -> int:
    """Return floor(2^bits * e), by its series."""
    term, total, n = 1 << bits + 64, 0, 1
    while term:
        total += term
        term //= n
        n += 1
    return total >> 64


_GENERATORS = {
    23: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    24: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e38"
    "72760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a43"
    "1d7c90ea0e5f",
    25: "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1d"
    "c127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b"
    "446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
}


def key_share(group: int) -> bytes | None:
    """Return a well-formed public key of a group, or None when it takes arithmetic to make one.

    Nobody knows or needs the private keys: the curve's own generator, 4 in a finite field, any
    bytes for x25519 and x448, and the ML-KEM key whose polynomials are zero.
    """
    if group in _GENERATORS:
        return b"\x04" + bytes.fromhex(_GENERATORS[group])
    fields = dict(zip(range(0x0100, 0x0105), _FFDHE, strict=True))
    if group in fields:
        return (4).to_bytes(fields[group] // 8, "big")
    x25519, kem768, kem1024 = b"\x09" * 32, bytes(1184), bytes(1568)
    return {
        29: x25519,
        30: b"\x05" * 56,
        0x11EC: kem768 + x25519,
        0x11EB: b"\x04" + bytes.fromhex(_GENERATORS[23]) + kem768,
        0x11ED: b"\x04" + bytes.fromhex(_GENERATORS[24]) + kem1024,
        0x0200: bytes(800),
        0x0201: kem768,
        0x0202: kem1024,
    }.get(group)
