/// The authorities that the rules know by name: Brazilian regulators, supervisors and courts.
enum Authorities {
  /// As they are written in running text. Those with one capital appear in both forms in the press.
  static let acronyms: Set<String> = [
    "aneel", "anatel", "anvisa", "ancine", "antaq", "bacen", "cade", "cetesb", "cgu", "cvm", "ibama",
    "icmbio",
    "inmetro", "previc", "procon", "senacon", "susep", "anac", "antt", "anpd",
  ]
  /// Too short or too common to count unless they are in capitals.
  static let capitalsOnly: Set<String> = [
    "anp", "ans", "anm", "agu", "bcb", "mpf", "mme", "ons", "stf", "stj", "tcu", "tst",
  ]

  /// Whole names, each as the keys of its words.
  static let names: [[String]] = [
    "agencia nacional de energia eletrica", "agencia nacional de telecomunicacoes",
    "agencia nacional do petroleo gas natural e biocombustiveis", "agencia nacional do petroleo",
    "agencia nacional de vigilancia sanitaria", "agencia nacional de saude suplementar",
    "agencia nacional de transportes terrestres", "agencia nacional de transportes aquaviarios",
    "agencia nacional de aviacao civil", "agencia nacional de mineracao", "agencia nacional de aguas",
    "agencia nacional do cinema", "autoridade nacional de protecao de dados",
    "comissao de valores mobiliarios", "banco central do brasil", "banco central",
    "conselho administrativo de defesa economica", "conselho monetario nacional",
    "superintendencia de seguros privados", "superintendencia nacional de previdencia complementar",
    "secretaria nacional do consumidor", "tribunal de contas da uniao", "supremo tribunal federal",
    "superior tribunal de justica", "ministerio publico federal", "advocacia geral da uniao",
    "operador nacional do sistema eletrico", "ministerio de minas e energia", "receita federal do brasil",
    "receita federal",
  ].map { $0.split(separator: " ").map(String.init) }

  /// The names by their first word, the longest first.
  static let namesByFirstWord: [String: [[String]]] = Dictionary(grouping: names) { $0[0] }
    .mapValues { $0.sorted { $0.count > $1.count } }

  static func isAcronym(_ word: ScalarText.Word) -> Bool {
    guard word.isASCII else { return false }
    return word.isAllCapitals && capitalsOnly.contains(word.key)
      || word.isCapitalised && acronyms.contains(word.key)
  }
}
