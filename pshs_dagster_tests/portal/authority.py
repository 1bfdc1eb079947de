"""An authority of certificates of one's own, for a site over TLS. No tests here."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A root that signs an authority that signs for `host`; the one in the middle has no Subject Key Identifier.

    OpenSSL asks for the identifier in the certificates of authorities only, so that is where it must be missing.
    """

    def __init__(self, folder: Path, host: x509.GeneralName) -> None:
        folder.mkdir()
        root_key, middle_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        root_name, middle_name = common_name("A root of the tests"), common_name("An authority of the tests")
        identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
        root = authority_certificate(root_name, root_name, root_key.public_key(), root_key, identifier)
        middle = authority_certificate(middle_name, root_name, middle_key.public_key(), root_key, None)
        leaf = (
            certificate(x509.Name([]), middle_name, leaf_key.public_key(), middle_key)
            .add_extension(x509.SubjectAlternativeName([host]), critical=True)
            .sign(middle_key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        self.ca_file = folder / "root.pem"
        self.ca_file.write_bytes(root.public_bytes(pem))
        chain = folder / "chain.pem"
        secret = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain.write_bytes(leaf.public_bytes(pem) + middle.public_bytes(pem) + secret)
        self.server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_context.load_cert_chain(chain)


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def authority_certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    identifier: x509.SubjectKeyIdentifier | None,
) -> x509.Certificate:
    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        certificate(subject, issuer, key, issuer_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(signs, critical=True)
    )
    if identifier is not None:
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


LOOPBACK = x509.IPAddress(IPv4Address("127.0.0.1"))
