"""Stands in for the browser connector `amplis@2`: logs in, and downloads an account's files of a range of dates.

Reads the connection (`address.url`, a credential with `username` and `password`) from the descriptor that
ESTEIRA_CONNECTION_FD names, and `{account_type, download_csv, download_pdf, date_range}` from ESTEIRA_DATA. Leaves the
artifacts `csv.zip` and `pdf.zip`, a file for each day in each. It speaks HTTP and runs no browser: a site that needs JavaScript needs the
connector. Exit 75 says that trying again may help, 77 that the login is refused, 65 that the site is another one.
"""

import datetime
import html.parser
import http.cookiejar
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

SECONDS = 30
LONGEST_ANSWER = 64 * 1024 * 1024
LONGEST_PAUSE = 60
MOST_PAUSES = 20
BEGINS = {"csv": b"Conta;", "pdf": b"%PDF-"}


def stop(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


class Page(html.parser.HTMLParser):
    """The hidden fields of a page's form, and its table: one entry a row, with its date and its links by class."""

    def __init__(self, text):
        super().__init__()
        self.hidden, self.rows, self.is_cell = {}, [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given.get("name", "")] = given.get("value", "")
        elif tag == "tr":
            self.rows.append({"date": "", "links": {}})
        elif tag == "a" and self.rows and given.get("class") in BEGINS:
            self.rows[-1]["links"][given["class"]] = given.get("href", "")
        self.is_cell = tag == "td"

    def handle_data(self, text):
        if self.is_cell and self.rows and not self.rows[-1]["date"]:
            self.rows[-1]["date"] = text.strip()


class Unfollowed(urllib.request.HTTPRedirectHandler):
    """Where a redirect leads says whether the session lives; so it is looked at, and not followed."""

    def redirect_request(self, *_):
        return None


class Session:
    """One login. Logs in again, once for each request, where the site ended the session in between."""

    def __init__(self, address, user, password):
        self.address, self.user, self.password = address.rstrip("/"), user, password
        self.logins = self.pauses = 0
        self.token = ""
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), urllib.request.ProxyHandler({}), Unfollowed)

    def open(self, path, form=None):
        """Status, where it wants to lead, and the body; waits where the site asks for a pause."""
        url = urllib.parse.urljoin(self.address + "/", path)
        if urllib.parse.urlsplit(url)[:2] != urllib.parse.urlsplit(self.address)[:2]:
            stop(65, f"{url} leads away from {self.address}")
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        while True:
            try:
                with self.opener.open(urllib.request.Request(url, body), timeout=SECONDS) as answer:
                    data = answer.read(LONGEST_ANSWER + 1)
                    if len(data) > LONGEST_ANSWER:
                        stop(65, f"{url} answered more than {LONGEST_ANSWER} bytes")
                    return answer.status, "", data
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    return error.code, error.headers.get("Location", ""), error.read(LONGEST_ANSWER)
                self.wait(error.headers.get("Retry-After", ""))
            except (urllib.error.URLError, socket.timeout, ConnectionError) as error:
                stop(75, f"{url} failed: {getattr(error, 'reason', error)}")

    def wait(self, text):
        seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
        self.pauses += 1
        if seconds > LONGEST_PAUSE or self.pauses > MOST_PAUSES:
            stop(75, f"the site asks for a pause of {seconds} s, pause {self.pauses} of this attempt")
        print(f"the site asks for a pause of {seconds} s")
        time.sleep(seconds)

    def log_in(self):
        status, _, page = self.open("/login")
        if status != 200:
            stop(75 if status >= 500 else 65, f"/login answered {status}")
        form = Page(page.decode("utf-8")).hidden | {"username": self.user, "password": self.password}
        status, target, _ = self.open("/login", form)
        if status == 401:
            stop(77, "the site refuses the user or the password")
        if status != 303 or target == "/login":
            stop(75 if status >= 500 else 65, f"the login answered {status}")
        self.logins += 1
        print("login accepted")

    def get(self, path):
        for _ in range(2):
            status, target, body = self.open(path)
            if status == 200:
                return body
            if status != 303 or target != "/login":
                break
            print("the session has ended")
            self.log_in()
        stop(75 if status >= 500 or status == 303 else 65, f"{path} answered {status}")

    def log_out(self):
        self.open("/logout", {"csrf_token": self.token})


def listed(session, account, start, end):
    """The rows of the positions page; each must be of a day that was asked for."""
    query = urllib.parse.urlencode({"account": account, "start": start, "end": end})
    page = Page(session.get(f"/positions?{query}").decode("utf-8"))
    session.token = page.hidden.get("csrf_token", "")
    for row in page.rows:
        try:
            row["date"] = datetime.datetime.strptime(row["date"], "%d/%m/%Y").date().isoformat()
        except ValueError:
            stop(65, f"the positions page has the date {row['date']!r}")
        if not start <= row["date"] <= end:
            stop(65, f"the positions page has {row['date']}, which was not asked for")
    return page.rows


def download(session, rows, kind):
    """Entries have no time of their own: the same files are the same artifact."""
    with zipfile.ZipFile(os.path.join(os.environ["ESTEIRA_ARTIFACTS"], f"{kind}.zip"), "w") as archive:
        for row in sorted(rows, key=lambda row: row["date"]):
            if kind not in row["links"]:
                stop(65, f"{row['date']} has no {kind} file")
            body = session.get(row["links"][kind])
            if not body.startswith(BEGINS[kind]):
                stop(65, f"{row['links'][kind]} is no {kind} file")
            archive.writestr(zipfile.ZipInfo(f"{row['date']}.{kind}"), body, zipfile.ZIP_DEFLATED)
            print(f"{row['date']}.{kind}: {len(body)} bytes")


def main():
    with open(int(os.environ["ESTEIRA_CONNECTION_FD"]), encoding="utf-8") as file:
        connection = json.load(file)
    with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
        order = json.load(file)
    values = connection.get("credential", {}).get("values", {})
    if not connection["address"].get("url") or not values.get("username") or not values.get("password"):
        stop(78, "the connection needs address.url and a credential with username and password")
    session = Session(connection["address"]["url"], values["username"], values["password"])
    session.log_in()
    rows = listed(session, order["account_type"], order["date_range"]["start"], order["date_range"]["end"])
    for kind in BEGINS:
        download(session, rows if order[f"download_{kind}"] else [], kind)
    session.log_out()
    with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
        json.dump({"days": len(rows), "logins": session.logins, "pauses": session.pauses}, file)


main()
