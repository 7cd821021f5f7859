"""A demo agent in Python: the HTTP door with well-known libraries (cryptography, requests), and nothing of ours.

Its one argument is a JSON file: who it is, what to ask for. It prints a line of JSON for each step. What it does is
written in docs/agents.md.
"""

import base64
import hashlib
import json
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

OVER = {"rejected", "denied", "expired", "cancelled", "refused", "ended"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> bytes:
    """RFC 8785 for what this agent writes: ASCII names, integers and no other numbers."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()


class Refused(Exception):
    """The gate said no; `code` is what to act on."""

    def __init__(self, status: int, code: str):
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Gate:
    """The gate's public keys, pinned: a signature counts only for its purpose and service."""

    def __init__(self, path: str):
        with open(path, encoding="utf-8") as file:
            trust = json.load(file)
        self.name = trust["gate"]
        self.keys = {key["kid"]: key for key in trust["keys"]}

    def verify(self, protected: str, payload: str, signature: str, *, purpose: str, service: str, typ: str) -> dict:
        header = json.loads(unb64(protected))
        key = self.keys.get(header["kid"])
        if key is None or key["purpose"] != purpose or key["service"] != service:
            raise ValueError("signed by a key that may not say this")
        if header["typ"] != typ or header["alg"] != "ES256":
            raise ValueError("signed as something else")
        x, y = (int.from_bytes(unb64(key["jwk"][name]), "big") for name in ("x", "y"))
        raw = unb64(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        try:
            public.verify(der, f"{protected}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise ValueError("the signature does not verify") from None
        return header


class Agent:
    def __init__(self, task: dict):
        agent = task["agent"]
        self.id = agent["agent_id"]
        self.urls = agent["urls"]
        self.gate = Gate(agent["trust_file"])
        signing, encryption = agent["signing_key"], agent["encryption_key"]
        self.key = Ed25519PrivateKey.from_private_bytes(unb64(signing["d"]))
        self.jwk = {"crv": signing["crv"], "kty": signing["kty"], "x": signing["x"]}
        self.kid = b64(hashlib.sha256(canonical(self.jwk)).digest())
        self.opener = ec.derive_private_key(int.from_bytes(unb64(encryption["d"]), "big"), ec.SECP256R1())
        self.action_id = task["action_id"]
        self.value = compact({"subject": {"type": "agent", "id": self.id}, **task["asked"]}).encode()
        self.source = f"urn:sallyport:agent:{self.id}"
        stands_for = {"id": self.action_id, "source": self.source, "data": json.loads(self.value)}
        self.digest = "sha256:" + b64(hashlib.sha256(b"sallyport/action/v1\0" + canonical(stands_for)).digest())
        self.nonces: dict[str, str] = {}
        self.http = requests.Session()

    def sign(self, header: dict, payload: bytes) -> tuple[str, str, str]:
        protected, body = b64(compact(header).encode()), b64(payload)
        return protected, body, b64(self.key.sign(f"{protected}.{body}".encode()))

    def ask(self) -> None:
        url = f"{self.urls['intake']}/v1/actions"
        header = {
            "alg": "EdDSA",
            "kid": self.kid,
            "typ": "sallyport-request+jws",
            "aud": url,
            "iat": int(time.time()),
            "ce": {"id": self.action_id, "source": self.source, "type": "sallyport.action.requested.v1"},
        }
        protected, _, signature = self.sign(header, self.value)
        headers = {"content-type": "application/json", "sallyport-signature": f"{protected}..{signature}"}
        self.read(self.http.post(url, data=self.value, headers=headers, timeout=10))

    def proof(self, method: str, url: str, body: bytes | None = None, token: str | None = None) -> str:
        parts = urlsplit(url)
        claims = {
            "htm": method,
            "htu": f"{parts.scheme}://{parts.netloc}{parts.path}",
            "iat": int(time.time()),
            "jti": str(uuid.uuid4()),
        }
        nonce = self.nonces.get(parts.netloc)
        if nonce is not None and token is None:
            claims["nonce"] = nonce
        if body is not None and token is None:
            claims["body_sha256"] = b64(hashlib.sha256(body).digest())
        if token is not None:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return ".".join(self.sign({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk}, compact(claims).encode()))

    def call(self, method: str, url: str, body: dict | None = None, wait: int = 0) -> requests.Response:
        """With proof of possession; once more when the gate asks for another nonce."""
        data = None if body is None else compact(body).encode()
        for last in (False, True):
            headers = {"dpop": self.proof(method, url, data)}
            if data is not None:
                headers["content-type"] = "application/json"
            answer = self.http.request(method, url, data=data, headers=headers, timeout=10 + wait)
            if "dpop-nonce" in answer.headers:
                self.nonces[urlsplit(url).netloc] = answer.headers["dpop-nonce"]
            try:
                return self.read(answer)
            except Refused as refused:
                if last or refused.code != "use_dpop_nonce":
                    raise
        raise AssertionError("unreachable")

    @staticmethod
    def read(answer: requests.Response) -> requests.Response:
        if answer.ok:
            return answer
        raise Refused(answer.status_code, answer.json().get("code", "unexpected_answer"))

    def look(self, known: str | None) -> dict | None:
        """What the gate signed last about this action; None when there is nothing yet."""
        url = f"{self.urls['notifier']}/v1/actions/{self.action_id}"
        wait = 0 if known is None else 25
        query = "" if known is None else f"&known={known}"
        try:
            answer = self.call("GET", f"{url}?wait_seconds={wait}{query}", wait=wait).json()
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        if answer["state"] == "accepted":
            return {"outcome": "accepted", "code": None}
        return self.verified(answer["outcome"])

    def verified(self, outcome: dict) -> dict:
        ce, value = outcome["ce"], outcome["value"]
        protected, _, signature = outcome["signature"].split(".")
        service = ce["source"].removeprefix("urn:sallyport:service:")
        kind = {"purpose": "outcome", "service": service, "typ": "sallyport-outcome+jws"}
        header = self.gate.verify(protected, b64(value.encode()), signature, **kind)
        said = json.loads(value)
        mine = said["action_id"] == self.action_id and said["action_digest"] == self.digest
        named = ce["type"] == f"sallyport.outcome.{said['outcome']}.v1"
        may_say = service == "credentials" or said["outcome"] not in ("offered", "released", "ended")
        if not (mine and named and may_say and header["aud"] == self.source and header["ce"] == ce):
            raise ValueError("an outcome that is not about this action")
        return said

    def wait(self, until, seconds: int) -> dict:
        deadline = time.monotonic() + seconds
        known = None
        while time.monotonic() < deadline:
            said = self.look(known)
            if said is not None and until(said["outcome"]):
                return said
            if said is None:
                time.sleep(0.15)
            known = None if said is None else said["outcome"]
        raise Refused(0, "no_answer")

    def redeem(self, lease_id: str) -> dict:
        url = f"{self.urls['credentials']}/v1/leases/{lease_id}/redeem"
        bundle = self.open(self.call("POST", url, {"action_digest": self.digest}).text)
        mine = (self.gate.name, lease_id, self.action_id, self.digest, self.id)
        names = ("gate", "lease_id", "action_id", "action_digest", "agent_id")
        if tuple(bundle[name] for name in names) != mine:
            raise ValueError("a lease for something else")
        return bundle

    def open(self, jwe: str) -> dict:
        """RFC 7516 with ECDH-ES and A256GCM; inside is what credentials signed."""
        protected, _, iv, ciphertext, tag = jwe.split(".")
        header = json.loads(unb64(protected))
        epk = header["epk"]
        x, y = (int.from_bytes(unb64(epk[name]), "big") for name in ("x", "y"))
        peer = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        shared = self.opener.exchange(ec.ECDH(), peer)

        def counted(data: bytes) -> bytes:
            return len(data).to_bytes(4, "big") + data

        parties = [unb64(header.get(name, "")) for name in ("apu", "apv")]
        info = counted(header["enc"].encode()) + b"".join(map(counted, parties)) + (256).to_bytes(4, "big")
        key = ConcatKDFHash(algorithm=hashes.SHA256(), length=32, otherinfo=info).derive(shared)
        jws = AESGCM(key).decrypt(unb64(iv), unb64(ciphertext) + unb64(tag), protected.encode()).decode()
        head, payload, signature = jws.split(".")
        kind = {"purpose": "lease", "service": "credentials", "typ": "sallyport-lease+jws"}
        self.gate.verify(head, payload, signature, **kind)
        return json.loads(unb64(payload))

    def use(self, credential: dict) -> None:
        token, url = credential["token"], credential["tool_url"]
        headers = {
            "authorization": f"DPoP {token}",
            "dpop": self.proof("POST", url, token=token),
            "content-type": "application/json",
        }
        self.read(self.http.post(url, data=b"{}", headers=headers, timeout=15))

    def complete(self, lease_id: str) -> None:
        try:
            self.call("POST", f"{self.urls['credentials']}/v1/leases/{lease_id}/complete")
        except Refused as refused:
            if refused.status != 410:
                raise


def run(task: dict) -> int:
    agent, seconds = Agent(task), task["wait_seconds"]

    def tell(step: str, outcome: str | None = None, code: str | None = None) -> None:
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"step": step, "action_id": agent.action_id, "outcome": outcome, "code": code, "at": at}
        print(compact({name: value for name, value in line.items() if value is not None}), flush=True)

    try:
        agent.ask()
        tell("asked")
        said = agent.wait(lambda outcome: outcome != "accepted", seconds)
        tell(said["outcome"], said["outcome"], said["code"])
        if said["outcome"] == "pending":
            said = agent.wait(lambda outcome: outcome not in ("accepted", "pending"), seconds)
            tell(said["outcome"], said["outcome"], said["code"])
        if said["outcome"] != "offered":
            return 0
        bundle = agent.redeem(said["lease"]["id"])
        tell("redeemed", "released")
        try:
            agent.use(bundle["credential"])
            tell("acted")
        finally:
            agent.complete(bundle["lease_id"])
        said = agent.wait(lambda outcome: outcome in OVER, seconds)
        tell(said["outcome"], said["outcome"], said["code"])
        return 0
    except (Refused, requests.RequestException) as error:
        tell("failed", code=getattr(error, "code", "no_answer"))
        return 1


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(run(json.load(file)))
