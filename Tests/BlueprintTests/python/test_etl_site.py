"""The site behind a login, and what stands in for the browser that logs in there."""

import html.parser
import http.cookiejar
import io
import json
import unittest
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from support import Case

RANGE = {"start": "2026-11-16", "end": "2026-11-20"}
DAYS = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]


class Fields(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.token = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("name") == "csrf_token":
            self.token = given["value"]


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Visitor:
    def __init__(self, address):
        self.address = address
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), Unfollowed)

    def open(self, path, form=None):
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self.opener.open(self.address + path, body, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def token(self, path="/login"):
        return Fields(self.open(path)[2].decode()).token

    def log_in(self, password="senha certa", user="ana"):
        form = {"username": user, "password": password, "csrf_token": self.token()}
        return self.open("/login", form)


class SiteCase(Case):
    def site(self, *options, date="2026-11-20", seed="7", rows="3"):
        password = self.write("password", "senha certa\n")
        return self.serve("etl/site/site.py", "--seed", seed, "--date", date, "--rows", rows, "--user", "ana",
                          "--password-file", password, *options)

    def counts(self, site):
        with urllib.request.urlopen(f"{site}/__counts", timeout=30) as answer:
            return json.load(answer)


class TheSite(SiteCase):
    listing = "/positions?account=reag&start=2026-11-16&end=2026-11-20"

    def test_shows_nothing_without_a_login(self):
        visitor = Visitor(self.site())
        for path in (self.listing, "/", "/files/reag/2026-11-20/posicoes.csv"):
            status, headers, _ = visitor.open(path)
            self.assertEqual((status, headers["Location"]), (303, "/login"))

    def test_lets_in_who_knows_the_password(self):
        visitor = Visitor(self.site())
        status, headers, _ = visitor.log_in()
        self.assertEqual((status, headers["Location"]), (303, "/positions"))
        cookie = headers["Set-Cookie"]
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)
        self.assertEqual(visitor.open(self.listing)[0], 200)

    def test_refuses_a_wrong_password_and_a_wrong_user(self):
        visitor = Visitor(self.site())
        self.assertEqual(visitor.log_in(password="senha errada")[0], 401)
        self.assertEqual(visitor.log_in(user="bia")[0], 401)
        self.assertEqual(visitor.open(self.listing)[0], 303)

    def test_refuses_a_form_of_another_visit(self):
        site = self.site()
        visitor, other = Visitor(site), Visitor(site)
        visitor.token()
        form = {"username": "ana", "password": "senha certa", "csrf_token": other.token()}
        self.assertEqual(visitor.open("/login", form)[0], 403)
        self.assertEqual(visitor.open("/login", {"username": "ana", "password": "senha certa"})[0], 403)
        self.assertEqual(self.counts(site)["forged"], 2)

    def test_forgets_who_logs_out(self):
        visitor = Visitor(self.site())
        visitor.log_in()
        self.assertEqual(visitor.open("/logout", {"csrf_token": visitor.token(self.listing)})[0], 303)
        self.assertEqual(visitor.open(self.listing)[0], 303)

    def test_ends_a_session_after_its_requests(self):
        visitor = Visitor(self.site("--session-requests", "2"))
        visitor.log_in()
        self.assertEqual([visitor.open(self.listing)[0] for _ in range(3)], [200, 200, 303])

    def test_asks_for_a_pause_after_so_many_requests(self):
        visitor = Visitor(self.site("--pause-after", "2"))
        visitor.log_in()
        answers = [visitor.open(self.listing) for _ in range(3)]
        self.assertEqual([status for status, _, _ in answers], [200, 200, 429])
        self.assertEqual(answers[2][1]["Retry-After"], "1")

    def test_fails_at_the_first_pdf_and_at_no_other(self):
        visitor = Visitor(self.site("--fail-first"))
        visitor.log_in()
        path = "/files/reag/2026-11-20/"
        answers = [visitor.open(path + name)[0] for name in ("posicoes.csv", "extrato.pdf", "extrato.pdf")]
        self.assertEqual(answers, [200, 503, 200])

    def test_lists_the_days_that_were_asked_for(self):
        visitor = Visitor(self.site())
        visitor.log_in()
        page = visitor.open("/positions?account=reag&start=2026-11-18&end=2026-11-19")[2].decode()
        self.assertEqual(page.count("posicoes.csv"), 2)
        self.assertNotIn("2026-11-17", page)

    def test_refuses_days_and_accounts_that_are_none(self):
        visitor = Visitor(self.site())
        visitor.log_in()
        for query in ("", "account=reag", "account=reag&start=2026-11-20&end=2026-11-16",
                      "account=bia&start=2026-11-16&end=2026-11-20", "account=reag&start=x&end=2026-11-20"):
            self.assertEqual(visitor.open(f"/positions?{query}")[0], 400, query)
        for path in ("/files/bia/2026-11-20/posicoes.csv", "/files/reag/2026-11-15/posicoes.csv",
                     "/files/reag/2026-11-20/../site.py", "/files/reag/2026-11-20/x/posicoes.csv"):
            self.assertEqual(visitor.open(path)[0], 404, path)

    def test_says_the_same_for_the_same_seed(self):
        def file(seed, account="reag"):
            visitor = Visitor(self.site(seed=seed))
            visitor.log_in()
            return visitor.open(f"/files/{account}/2026-11-20/posicoes.csv")[2]

        self.assertEqual(file("7"), file("7"))
        self.assertNotEqual(file("7"), file("8"))
        self.assertNotEqual(file("7"), file("7", "master"))


class Amplis(SiteCase):
    def extract(self, site, password="senha certa", dates=None, **order):
        connection = {"name": "amplis", "kind": "http", "address": {"url": site},
                      "credential": {"type": "basic", "values": {"username": "ana", "password": password}}}
        data = {"account_type": "reag", "download_csv": True, "download_pdf": True, "date_range": dates or RANGE}
        return self.step("etl/programs/amplis.py", data | order, connection=connection)

    def names(self, result, kind):
        return zipfile.ZipFile(io.BytesIO(result.artifacts[f"{kind}.zip"])).namelist()

    def test_downloads_both_files_of_each_day_in_the_range(self):
        result = self.extract(self.site())
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(self.names(result, "csv"), [f"{day}.csv" for day in DAYS])
        self.assertEqual(self.names(result, "pdf"), [f"{day}.pdf" for day in DAYS])
        self.assertEqual(result.output, {"days": 5, "logins": 1, "pauses": 0})
        shorter = self.extract(self.site(), dates={"start": "2026-11-19", "end": "2026-11-19"})
        self.assertEqual(self.names(shorter, "csv"), ["2026-11-19.csv"])

    def test_gives_the_same_archive_for_the_same_files(self):
        site = self.site()
        self.assertEqual(self.extract(site).hashes, self.extract(site).hashes)

    def test_leaves_out_what_was_not_asked_for(self):
        site = self.site()
        result = self.extract(site, download_pdf=False)
        self.assertEqual((self.names(result, "pdf"), self.counts(site)["pdf"]), ([], 0))

    def test_logs_out(self):
        site = self.site()
        self.extract(site)
        self.assertEqual(self.counts(site)["logouts"], 1)

    def test_logs_in_again_where_the_session_ends(self):
        site = self.site("--session-requests", "4")
        result = self.extract(site)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(result.output["logins"], 3)
        self.assertEqual(self.names(result, "pdf"), [f"{day}.pdf" for day in DAYS])

    def test_keeps_the_pause_that_it_is_asked_for(self):
        result = self.extract(self.site("--pause-after", "6"))
        self.assertEqual((result.code, result.output["pauses"]), (0, 1), result.err)

    def test_asks_for_another_attempt_where_a_download_fails(self):
        site = self.site("--fail-first")
        self.assertEqual(self.extract(site).code, 75)
        self.assertEqual(self.extract(site).code, 0)

    def test_does_not_try_a_wrong_password_again(self):
        site = self.site()
        result = self.extract(site, password="senha errada")
        self.assertEqual((result.code, self.counts(site)["wrong_logins"]), (77, 1))
        self.assertNotIn("senha errada", result.out + result.err)

    def test_asks_for_another_attempt_where_nobody_answers(self):
        self.assertEqual(self.extract("http://127.0.0.1:9").code, 75)

    def test_needs_a_user_and_a_password(self):
        self.assertEqual(self.extract(self.site(), password="").code, 78)


if __name__ == "__main__":
    unittest.main()
