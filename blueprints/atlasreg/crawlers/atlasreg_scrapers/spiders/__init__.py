"""A spider is given `source`, `url`, `run_id` and, where the source has one, `player_id`; its items are documents."""

import scrapy


class SourceSpider(scrapy.Spider):
    """One source: the address from which it begins, and the documents as they leave it."""

    def __init__(self, *words, source=None, url=None, run_id=None, player_id=None, **more):
        super().__init__(*words, **more)
        for name, value in (("source", source), ("url", url), ("run_id", run_id)):
            if not value:
                raise ValueError(f"the spider {self.name} needs -a {name}=…")
        self.source, self.run_id, self.player_id = source, run_id, player_id
        self.start_urls = [url]

    def document(self, name, title, url, date=None):
        found = {"id": f"{self.source}-{name.rsplit('-', 1)[-1]}", "title": title.strip(), "url": url,
                 "source": self.source, "run_id": self.run_id}
        if date:
            found["date"] = date
        if self.player_id:
            found["player_id"] = self.player_id
        return found
