"""aiosmtpd: takes mail and writes each message as a line of JSON.

Arguments: `plain`, `tls` (STARTTLS with the certificate and key that follow), `login` (tls, and a user must
prove who it is: ana, s3cret), `refuse` (no recipient is known), `later` (a 451 after the message).
Prints its port; ends when its input ends.
"""
import json
import random
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

mode, certificate = sys.argv[1], sys.argv[2:]


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode == "refuse":
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if mode == "later":
            return "451 try again later"
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": getattr(session, "auth_data", None) and session.auth_data.login.decode(),
            "data": envelope.original_content.decode("utf-8", "surrogateescape"),
        }
        print(json.dumps(message), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"ana" and data.password == b"s3cret"
    return AuthResult(success=right, handled=False, auth_data=data)


options = {}
if mode in ("tls", "login"):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    options = {"tls_context": context, "require_starttls": True}
if mode == "login":
    options |= {"authenticator": authenticate, "auth_required": True}
while True:
    port = random.randrange(20000, 32767)
    try:
        controller = Controller(Sink(), hostname="127.0.0.1", port=port, **options)
        controller.start()
        break
    except OSError:
        continue
print(port, flush=True)
sys.stdin.read()
controller.stop()
