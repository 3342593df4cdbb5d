/// Word lists of the rules, as keys: lower case, without accents.
enum Lexicon {
  /// Small words that stand inside names.
  static let connectives: Set<String> = ["de", "da", "do", "das", "dos", "del", "di", "em"]

  /// Capitals that open a sentence or a headline and belong to no name.
  static let neverInNames: Set<String> = [
    "a", "o", "as", "os", "um", "uma", "ao", "aos", "na", "no", "nas", "nos", "pela", "pelo", "pelas",
    "pelos",
    "segundo", "conforme", "para", "por", "com", "contra", "entre", "apos", "sobre", "se", "que", "e", "ja",
    "multa", "multas", "multou", "aplica", "aplicou", "aprova", "aprovou", "decide", "decidiu", "nega",
    "negou",
    "autoriza", "autorizou", "condena", "condenou", "determina", "determinou", "compra", "comprou", "vende",
    "vendeu", "adquire", "adquiriu", "anuncia", "anunciou", "divulga", "divulgou", "arquiva", "arquivou",
    "homologa", "homologou", "suspende", "suspendeu", "anula", "anulou", "pune", "puniu", "nao", "ainda",
    "procurada", "procuradas", "tambem", "hoje", "ontem", "processo", "decisao", "despacho", "resolucao",
  ]

  /// Words that may precede a name in capitals without being part of it.
  static let beforeNames: Set<String> = [
    "empresa", "empresas", "concessionaria", "concessionarias", "distribuidora", "operadora", "operadoras",
    "companhias", "controladora", "controlada", "subsidiaria", "acusada", "acusado", "interessada",
    "interessado",
    "autuada", "autuado", "requerente", "requerentes", "razao", "social", "fornecedora", "emissora", "em",
    "de",
  ]

  /// What may be shortened with a point inside a name.
  static let shortened: Set<String> = [
    "cia", "ind", "com", "part", "dist", "adm", "serv", "sta", "sto", "s", "bras", "emp", "transp", "constr",
  ]
}
