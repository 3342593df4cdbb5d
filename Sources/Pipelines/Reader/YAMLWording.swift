import Model

/// libyaml's complaints in both languages. One that is not listed is quoted as it is.
enum YAMLWording {
  static let remedy = Bilingual(
    "Check the indent, the quotes and the brackets of this line and the one before.",
    pt: "Confira o recuo, as aspas e os colchetes desta linha e da anterior.")

  private static let known: [(text: String, portuguese: String)] = [
    ("did not find expected key", "não foi encontrada a chave esperada"),
    ("did not find expected '-' indicator", "não foi encontrado o indicador '-' esperado"),
    ("did not find expected ',' or ']'", "não foi encontrado ',' ou ']' como esperado"),
    ("did not find expected ',' or '}'", "não foi encontrado ',' ou '}' como esperado"),
    ("did not find expected node content", "não foi encontrado o conteúdo esperado"),
    ("did not find expected <document start>", "não foi encontrado o começo de documento esperado"),
    ("mapping values are not allowed in this context", "um valor de mapa não é permitido neste lugar"),
    (
      "block sequence entries are not allowed in this context", "um item de lista não é permitido neste lugar"
    ),
    ("could not find expected ':'", "não foi encontrado o ':' esperado"),
    ("found unexpected end of stream", "o texto terminou antes do esperado"),
    ("found character that cannot start any token", "há um caractere que não pode começar um valor"),
    ("found a tab character that violates indentation", "há um tab no recuo"),
    ("found a tab character where an indentation space is expected", "há um tab onde o recuo pede espaços"),
    ("found unknown escape character", "há uma sequência de escape desconhecida"),
    ("found undefined tag handle", "há uma etiqueta não definida"),
    ("control characters are not allowed", "caracteres de controle não são permitidos"),
    ("exceeded maximum depth", "há níveis demais"),
  ]

  static func message(_ problem: String) -> Bilingual {
    let portuguese = known.first { problem.hasPrefix($0.text) }?.portuguese ?? problem
    return Bilingual("this is not YAML: \(problem).", pt: "isto não é YAML: \(portuguese).")
  }
}
