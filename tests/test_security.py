"""What must never be seen, and who may be believed."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines.cli import main
from pipelines.errors import WarehouseError
from pipelines.extract.login import open_scope
from pipelines.landing.reader import part_lines
from pipelines.sandbox import Sandbox, serve
from pipelines.sandbox.faults import TRANSIENT, Faults
from pipelines.sandbox.iam import PASSWORD, SECRET_KEY
from pipelines.sandbox.responses import Response
from pipelines.sandbox.server import serve_store
from pipelines.sandbox.store import MemoryStore
from pipelines.storage.connection import connect
from tests.conftest import clouds_yaml
from tests.given import server
from tests.test_aksk import cloud as signed_cloud


def everything_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file below `folder` as text, unpacked where it is packed."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.name == "clouds.yaml":
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".zst":
            text += "".join(line.decode() for line in part_lines(path))
        elif path.suffix == ".parquet":
            text += str(pq.read_table(path).to_pylist())
        elif path.suffix == ".duckdb":
            with connect(path, read_only=True) as connection:
                names = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
                text += "".join(str(connection.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in names)
        yield path, text


def test_no_secret_is_seen_anywhere_after_a_run_with_every_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.extract.scope.READ_TIMEOUT", 0.5)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (tmp_path / "dagster").mkdir()
    secrets = {PASSWORD, SECRET_KEY, "another-password"}
    with serve([server(f"s{n}") for n in range(40)]) as service:
        plain = service.respond

        def remembering(method: str, path: str, headers: dict[str, str], content: bytes) -> Response:
            answer = plain(method, path, headers, content)
            secrets.update([answer.headers["X-Subject-Token"]] if "X-Subject-Token" in answer.headers else [])
            return answer

        monkeypatch.setattr(service, "respond", remembering)
        service.faults = Faults.script("show", list(TRANSIENT) * 2)
        good = service.cloud()
        path = clouds_yaml(
            tmp_path,
            good=good,
            key=signed_cloud(service) | {"region_name": "elsewhere-1"},
            bad=good | {"auth": good["auth"] | {"password": "another-password"}},
        )
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        monkeypatch.setenv("CBR_CLOUDS", "good,key,bad")
        result = CliRunner().invoke(main, ["run", "--home", "home", "--verbose"])
    assert result.exit_code == 1
    assert "refused user" in result.stderr
    assert len(secrets) > 4
    seen = dict(everything_in(tmp_path)) | {Path("stdout"): result.stdout, Path("stderr"): result.stderr}
    assert len(seen) > 10
    assert any("STEP_SUCCESS" in text for text in seen.values())
    for place, text in seen.items():
        for secret in secrets:
            assert secret not in text, f"{place} holds a secret"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "sandbox.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(encoding) + private)
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Sandbox]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serve_store(MemoryStore([server()]), tls=context) as service:
        yield service


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=secure.cloud())))
    with pytest.raises(WarehouseError, match=r"is not trusted.*Set cacert"), open_scope("prod"):
        pass
    assert secure.requests.total() == 0


def test_a_certificate_of_a_named_authority_is_believed(
    secure: Sandbox, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = secure.cloud() | {"cacert": str(certificate)}
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=entry)))
    with open_scope("prod") as scope:
        assert scope.url.startswith("https://")


def test_without_verification_it_works_and_warns(
    secure: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml(tmp_path, prod=secure.cloud() | {"verify": False})))
    with open_scope("prod"):
        pass
    assert "cloud 'prod': certificates are not checked" in caplog.text
