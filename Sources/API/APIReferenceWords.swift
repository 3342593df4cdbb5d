import Model

/// The words of the page itself. What the document says stays as it is, in English.
struct APIReferenceWords {
  private let language: Language

  init(_ language: Language) { self.language = language }

  private func say(_ english: String, _ portuguese: String) -> String {
    Bilingual(english, pt: portuguese)[language]
  }

  var search: String { say("Search", "Busca") }
  var schemas: String { say("Schemas", "Esquemas") }
  var permission: String { say("Permission", "Permissão") }
  var name: String { say("Name", "Nome") }
  var place: String { say("In", "Em") }
  var type: String { say("Type", "Tipo") }
  var required: String { say("required", "obrigatório") }
  var body: String { say("Body", "Corpo") }
  var answer: String { say("Answer", "Resposta") }
  var problems: String { say("Problems", "Problemas") }
  var either: String { say("either", "ou isto") }
  var or: String { say("or", "ou") }
  var any: String { say("anything", "qualquer valor") }
  var text: String { say("text", "texto") }
  var time: String { say("time (RFC 3339)", "hora (RFC 3339)") }
  var integer: String { say("whole number", "inteiro") }
  var number: String { say("number", "número") }
  var flag: String { say("true or false", "true ou false") }
  var list: String { say("list of", "lista de") }
  var object: String { say("object", "objeto") }
  var usual: String { say("usually", "em geral") }

  func place(_ word: String) -> String {
    switch word {
    case "path": say("path", "caminho")
    case "query": say("query", "consulta")
    case "header": say("header", "cabeçalho")
    case _: APIReference.escape(word)
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
    table { border-collapse: collapse; }
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
