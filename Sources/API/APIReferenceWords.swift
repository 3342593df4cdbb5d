import Model

/// The words of the page itself. What the document says stays as it is, in English.
struct APIReferenceWords {
  private let language: Language

  init(_ language: Language) { self.language = language }

  private func word(_ english: String, _ portuguese: String) -> String {
    Bilingual(english, pt: portuguese)[language]
  }

  var search: String { word("Search", "Busca") }
  var schemas: String { word("Schemas", "Esquemas") }
  var permission: String { word("Permission", "Permissão") }
  var name: String { word("Name", "Nome") }
  var place: String { word("In", "Em") }
  var type: String { word("Type", "Tipo") }
  var meaning: String { word("Meaning", "Significado") }
  var pattern: String { word("pattern", "padrão") }
  var required: String { word("required", "obrigatório") }
  var body: String { word("Body", "Corpo") }
  var answer: String { word("Answer", "Resposta") }
  var problems: String { word("Problems", "Problemas") }
  var either: String { word("either", "ou isto") }
  var or: String { word("or", "ou") }
  var any: String { word("anything", "qualquer valor") }
  var text: String { word("text", "texto") }
  var time: String { word("time (RFC 3339)", "hora (RFC 3339)") }
  var integer: String { word("whole number", "inteiro") }
  var number: String { word("number", "número") }
  var flag: String { word("true or false", "true ou false") }
  var list: String { word("list of", "lista de") }
  var object: String { word("object", "objeto") }
  var usual: String { word("usually", "em geral") }

  func place(_ place: String) -> String {
    switch place {
    case "path": word("path", "caminho")
    case "query": word("query", "consulta")
    case "header": word("header", "cabeçalho")
    case _: APIReference.escape(place)
    }
  }
}

extension APIReference {
  static let style = """
    :root { color-scheme: light dark; }
    :root { --line: light-dark(#d5d8dd, #3a3f47); --soft: light-dark(#f4f5f7, #22262c); }
    body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
    header input { font: inherit; width: min(100%, 24rem); }
    nav { display: flex; flex-wrap: wrap; gap: .25rem .75rem; margin: 1rem 0; }
    article { border-top: 1px solid var(--line); padding: .5rem 0 1rem; }
    h3 { margin: .5rem 0; overflow-wrap: anywhere; }
    h3 a { color: inherit; text-decoration: none; }
    h4 { margin: .75rem 0 0; }
    p { margin: .25rem 0; }
    ul { margin: .25rem 0; padding-left: 1.25rem; }
    code, pre { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
    pre { background: var(--soft); padding: .5rem; overflow-x: auto; }
    .table { overflow-x: auto; }
    table { border-collapse: collapse; min-width: 34rem; }
    td:first-child code { white-space: nowrap; overflow-wrap: normal; }
    td:last-child { min-width: 14rem; }
    details, summary { display: inline; }
    summary { cursor: pointer; text-decoration: underline dotted; }
    details[open] code { display: block; }
    @media (max-width: 40rem) {
      table, tbody, tr, td:last-child { display: block; min-width: 0; }
      th { display: none; }
      td { display: inline; }
      tr { padding: .3rem 0; }
    }
    td, th { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; }
    tr { border-bottom: 1px solid var(--line); }

    """

  /// Hides what does not have the words that are typed.
  static let searchScript = """
    const box = document.getElementById("search");
    const articles = [...document.querySelectorAll("article")].map(a => [a, a.textContent.toLowerCase()]);
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\\s+/);
      for (const [article, text] of articles) article.hidden = !words.every(word => text.includes(word));
    });

    """
}
