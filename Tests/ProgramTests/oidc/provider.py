"""A real OpenID Connect provider for the test of sign-in: Canaille, with its store in memory.

    provider.py

Listens on a free port of 127.0.0.1 and serves until its standard input ends. It prints that port, and another
free one, which is where the client that it knows has its callback. Users: maria (in the group "ops")
and joao (in none), with the password below.
"""
import datetime
import os
import socket
import sys
import threading

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"

from joserfc import jwk
from werkzeug.serving import make_server

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
redirect_url = f"http://127.0.0.1:{port}/api/v1/auth/oidc/callback"
PASSWORD = "correct horse battery staple"
key = jwk.generate_key("RSA", 2048)
key.ensure_kid()

# The port has to be known before the program is made, which writes it into its documents.
state = {}
server = make_server("127.0.0.1", 0, lambda environ, start: state["app"](environ, start), threaded=True)
place = f"127.0.0.1:{server.server_port}"

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend

app = create_app({
    "SECRET_KEY": "only-for-this-test",
    "SERVER_NAME": place,
    "PREFERRED_URL_SCHEME": "http",
    "TESTING": False,
    "SESSION_COOKIE_SECURE": False,
    "WTF_CSRF_ENABLED": True,
    "CANAILLE": {
        "DATABASE": "memory",
        "JAVASCRIPT": False,
        "HTMX": False,
        "LOGGING": {"version": 1, "disable_existing_loggers": True},
        "ACL": {
            "DEFAULT": {
                "READ": ["user_name", "groups"], "WRITE": [], "PERMISSIONS": ["edit_self", "use_oidc"],
            },
        },
    },
    "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
})
with app.app_context():
    backend = Backend.instance
    backend.install(app)

    def user(name):
        one = models.User(
            formatted_name=name.title(), given_name=name, family_name="Silva", user_name=name,
            display_name=name, emails=[f"{name}@example.org"], password=PASSWORD)
        backend.save(one)
        return one

    maria, joao = user("maria"), user("joao")
    backend.save(models.Group(display_name="ops", members=[maria]))
    client = models.Client(
        client_id="esteira", client_secret="s-e/c:r et", client_name="Esteira",
        # Of this machine, so nobody is asked for consent.
        client_uri="http://127.0.0.1/", redirect_uris=[redirect_url], grant_types=["authorization_code"],
        response_types=["code"], scope=["openid", "profile", "email", "groups"],
        client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
        token_endpoint_auth_method="client_secret_basic",
        # As OpenID Connect says where nobody asks for another; this one would else take its longest.
        id_token_signed_response_alg="RS256")
    backend.save(client)
    client.audience = [client]
    backend.save(client)
state["app"] = app
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, port, flush=True)
sys.stdin.read()
os._exit(0)
