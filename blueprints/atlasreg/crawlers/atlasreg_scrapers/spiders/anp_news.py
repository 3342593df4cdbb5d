"""A press office's list, page after page: what Airflow's DAG collects, where Airflow is down."""

from atlasreg_scrapers.spiders import SourceSpider


class AnpNews(SourceSpider):
    name = "anp_news"

    def parse(self, response):
        for item in response.css("li.noticia"):
            url = response.urljoin(item.css("a::attr(href)").get())
            day = (item.css("span.data::text").get() or "").strip()
            yield self.document(
                url.rsplit("/", 1)[-1].removesuffix(".html"), item.css("a::text").get(), url,
                "-".join(reversed(day.split("/"))) or None)
        if more := response.css("a[rel=next]::attr(href)").get():
            yield response.follow(more)
