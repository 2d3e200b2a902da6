"""Post to the webhook's address, and refuse addresses inside the installation's own network."""

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 10
# Networks whose IPv6 addresses stand for IPv4 ones: NAT64 (RFC 6052, RFC 8215).
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class WebhookError(Exception):
    """Why something was not posted, in one sentence that does not repeat the address: that may hold a secret."""


def post(address: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post a body and expect a success; redirects are not followed.

    The host is resolved now, its addresses are checked, and the connection goes to a checked one, so that a name
    which resolves differently a moment later leads nowhere else. A host that `WEBHOOK_ALLOWED_HOSTS` names is
    connected to as it is, by the proxy of the environment if there is one.

    Raises
    ------
    WebhookError : the host is not allowed or not known, or the receiver did not take the body.
    """
    import httpx

    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise WebhookError("The webhook's address is no web address.") from None
    if _is_named(url.host):
        return _send(url, body, headers, {})
    # TLS asks for, and checks, the certificate of the name rather than that of the address.
    host = url.raw_host.decode()
    headers, extensions = {**headers, "Host": url.netloc.decode()}, {"sni_hostname": host}
    addresses = _public_addresses(host)
    for address in addresses[:-1]:
        try:
            return _send(url.copy_with(host=address), body, headers, extensions)
        except _NotReached:
            continue
    return _send(url.copy_with(host=addresses[-1]), body, headers, extensions)


def is_public(address: str) -> bool:
    """Whether an IP address, or the IPv4 address that an IPv6 one stands for, is anybody's on the internet."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if any(found in network for network in _NAT64):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


class _NotReached(WebhookError):
    """There was no connection: another address of the host may have one."""


def _is_named(host: str) -> bool:
    return host.lower() in {each.strip().strip("[]").lower() for each in settings.WEBHOOK_ALLOWED_HOSTS}


def _public_addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookError(f"The webhook's host {host} has no address that can be found.") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not is_public(address):
            raise WebhookError(
                f"The webhook's host {host} leads to {address}, which is no public address; "
                "name the host in WEBHOOK_ALLOWED_HOSTS to allow it."
            )
    return addresses


def _send(url: "httpx.URL", body: bytes, headers: Mapping[str, str], extensions: dict[str, str]) -> None:
    import httpx

    # Certificates are those that the system trusts. A proxy would resolve and connect by itself.
    with httpx.Client(
        timeout=TIMEOUT_SECONDS,
        verify=ssl.create_default_context(),
        follow_redirects=False,
        trust_env=not extensions,
    ) as client:
        try:
            answer = client.post(url, content=body, headers=headers, extensions=extensions)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _NotReached(
                f"The webhook's receiver could not be reached ({type(error).__name__})."
            ) from error
        except httpx.HTTPError as error:
            raise WebhookError(f"The webhook's receiver gave no answer ({type(error).__name__}).") from error
    if not answer.is_success:
        raise WebhookError(f"The webhook's receiver answered with HTTP {answer.status_code}.")
