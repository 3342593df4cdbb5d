"""What an article says: its title and paragraphs, without everything around it."""

import html.parser

SKIPPED = {"script", "style", "nav", "header", "footer", "noscript", "template"}
BLOCKS = {"p", "h1", "h2", "h3", "li", "time", "div", "td", "blockquote", "article"}


class _Article(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.paragraphs, self.title, self.skipped, self.article, self.heading = [""], "", 0, 0, False
        self.has_article = False

    def handle_starttag(self, tag, attributes):
        if tag in SKIPPED:
            self.skipped += 1
        elif tag == "article":
            if not self.has_article:
                self.paragraphs, self.title = [""], ""   # what came before is not the article's
            self.article += 1
            self.has_article = True
        elif tag == "h1":
            self.heading = True
        if tag in BLOCKS:
            self.paragraphs.append("")

    def handle_endtag(self, tag):
        if tag in SKIPPED:
            self.skipped = max(0, self.skipped - 1)
        elif tag == "article":
            self.article = max(0, self.article - 1)
        elif tag == "h1":
            self.heading = False
        if tag in BLOCKS:
            self.paragraphs.append("")

    def handle_data(self, text):
        if self.skipped or self.has_article and not self.article:
            return
        if self.heading:
            self.title += text
        else:
            self.paragraphs[-1] += text


def read(source):
    """`(title, paragraphs)` of a page; blanks are single."""
    parser = _Article()
    parser.feed(source)
    parser.close()
    paragraphs = [" ".join(text.split()) for text in parser.paragraphs]
    return " ".join(parser.title.split()), [text for text in paragraphs if text]
