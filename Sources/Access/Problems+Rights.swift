public import Model

// What goes wrong with accounts and rights.
extension Problem {
  static func notAllowed(_ permission: String) -> Problem {
    Problem(
      "not-allowed",
      Bilingual(
        "This needs the permission \(permission) in all namespaces.",
        pt: "Isto precisa da permissão \(permission) em todos os namespaces."),
      remedy: Bilingual(
        "Ask an admin for a role that has it.", pt: "Peça a um administrador um papel que a tenha."))
  }

  static func beyondOwnRights(_ namespace: String) -> Problem {
    let (english, portuguese) =
      namespace == "*" ? ("all namespaces", "todos os namespaces") : ("\(namespace)", "\(namespace)")
    return Problem(
      "beyond-own-rights",
      Bilingual(
        "This concerns rights in \(english) that you do not have yourself.",
        pt: "Isto diz respeito a direitos em \(portuguese) que você mesmo não tem."),
      remedy: Bilingual("Ask somebody who has them.", pt: "Peça a quem os tenha."))
  }

  static let lastAdmin = Problem(
    "last-admin",
    Bilingual("Afterwards nobody would be admin.", pt: "Depois disso ninguém seria administrador."),
    remedy: Bilingual("Make somebody else admin first.", pt: "Torne outra pessoa administradora antes."))

  static func builtInRole(_ name: String) -> Problem {
    Problem(
      "built-in-role",
      Bilingual(
        "The role \(name) is built in and cannot be changed.",
        pt: "O papel \(name) é embutido e não pode ser mudado."),
      remedy: Bilingual("Make a role of another name.", pt: "Crie um papel com outro nome."))
  }

  static func roleInUse(_ name: String) -> Problem {
    Problem(
      "role-in-use",
      Bilingual("Somebody still has the role \(name).", pt: "Alguém ainda tem o papel \(name)."),
      remedy: Bilingual("Take it away from all first.", pt: "Retire-o de todos antes."))
  }

  static func nameTaken(_ name: String) -> Problem {
    Problem(
      "name-taken",
      Bilingual("\(name) is there already.", pt: "\(name) já existe."),
      remedy: Bilingual("Use another name.", pt: "Use outro nome."))
  }

  static func badName(_ name: String, _ kind: String) -> Problem {
    Problem(
      "invalid-name",
      Bilingual(
        "\"\(name.prefix(100))\" cannot be used as \(kind).",
        pt: "\"\(name.prefix(100))\" não pode ser usado como \(kind)."),
      remedy: Bilingual(
        "Use small letters, digits and . _ -, a letter or digit first, at most 63; a namespace has no . _.",
        pt:
          "Use letras minúsculas, dígitos e . _ -, começando por letra ou dígito, no máximo 63; um namespace "
          + "não tem . nem _."))
  }

  static let badScopes = Problem(
    "invalid-scopes",
    Bilingual(
      "A token needs at least one permission and one namespace, and not more than it may have.",
      pt: "Um token precisa de ao menos uma permissão e um namespace, e não mais do que pode ter."),
    remedy: Bilingual(
      "Name permissions such as jobs:read, and namespaces or *.",
      pt: "Indique permissões como jobs:read, e namespaces ou *."))

  static func badExpiry(_ longest: Duration) -> Problem {
    let days = longest.microseconds / 86_400_000_000
    return Problem(
      "invalid-expiry",
      Bilingual(
        "A token expires in the future, and within \(days) days.",
        pt: "Um token expira no futuro e em até \(days) dias."),
      remedy: Bilingual(
        "Give a time such as 90d, or a day such as 2027-01-31, and make a new token before it.",
        pt: "Dê um prazo como 90d, ou um dia como 2027-01-31, e crie outro token antes dele."))
  }

  static func accessLimit(_ english: String, _ portuguese: String, _ limit: Int) -> Problem {
    Problem(
      "access-limit",
      Bilingual(
        "There are \(limit) \(english) already, and there cannot be more.",
        pt: "Já há \(limit) \(portuguese), e não pode haver mais."),
      remedy: Bilingual("Remove some first.", pt: "Remova alguns antes."))
  }

  public static let noAccount = Problem(
    "no-account", Bilingual("There is no such account.", pt: "Não existe essa conta."),
    remedy: Bilingual("`esteira user ls` lists them.", pt: "`esteira user ls` mostra as que existem."))
  static let tokenOfNobody = Problem(
    "no-account",
    Bilingual(
      "The owner of the data folder has no account that a token could be of.",
      pt: "O dono da pasta de dados não tem uma conta à qual um token pertença."),
    remedy: Bilingual(
      "Say whose it is with --user; `esteira user create NAME --service` makes an account for a program.",
      pt: "Diga de quem ele é com --user; `esteira user create NOME --service` cria uma conta de programa."
    ))
  public static let noGroup = Problem(
    "no-group", Bilingual("There is no such group.", pt: "Não existe esse grupo."),
    remedy: Bilingual("`esteira group ls` lists them.", pt: "`esteira group ls` mostra os que existem."))
  static func noRole(_ name: String) -> Problem {
    Problem(
      "no-role", Bilingual("There is no role \(name).", pt: "Não existe o papel \(name)."),
      remedy: Bilingual("`esteira role ls` lists them.", pt: "`esteira role ls` mostra os que existem."))
  }
  static let noBinding = Problem(
    "no-role-binding", Bilingual("Nobody has that role there.", pt: "Ninguém tem esse papel ali."),
    remedy: Bilingual(
      "`esteira role bindings` shows who has which role, and where.",
      pt: "`esteira role bindings` mostra quem tem qual papel, e onde."))
  public static let noToken = Problem(
    "no-token", Bilingual("There is no such token.", pt: "Não existe esse token."),
    remedy: Bilingual(
      "Give its id: `esteira token ls` shows your own, and with --user NAME those of an account.",
      pt: "Dê o id: `esteira token ls` mostra os seus, e com --user NOME os de uma conta."))
  public static let noSession = Problem(
    "no-session", Bilingual("There is no such session.", pt: "Não existe essa sessão."),
    remedy: Bilingual("`esteira session ls` lists them.", pt: "`esteira session ls` mostra as que existem."))

  static func accessStore(_ fault: AccessFault) -> Problem {
    let reason = fault.message
    if fault.kind == .full {
      return Problem(
        "store-full",
        Bilingual(
          "This was not taken, since the audit has no room to note it: \(reason).",
          pt: "Isto não foi aceito, pois a auditoria não tem espaço para anotar: \(reason)."),
        remedy: Bilingual(
          "Free space on the disk of the data folder and ask again.",
          pt: "Libere espaço no disco da pasta de dados e peça de novo."))
    }
    return Problem(
      "access-store",
      Bilingual(
        "Accounts and the audit cannot be written or read: \(reason)",
        pt: "Contas e auditoria não podem ser gravadas ou lidas: \(reason)"),
      remedy: Bilingual(
        "Check the disk and access.db in the data folder.",
        pt: "Verifique o disco e access.db na pasta de dados."))
  }

  static let accessBusy = Problem(
    "access-busy",
    Bilingual(
      "Too many changes wait for accounts and the audit.",
      pt: "Mudanças demais esperam por contas e auditoria."),
    remedy: Bilingual("Try again in a few seconds.", pt: "Tente de novo em alguns segundos."))

  static func accessKey(_ name: String) -> Problem {
    Problem(
      "access-key",
      Bilingual(
        "The stored key \"\(name)\" cannot be opened with this master key.",
        pt: "A chave gravada \"\(name)\" não pode ser aberta com esta chave mestra."),
      remedy: Bilingual(
        "Put back the master key that access.db was made with.",
        pt: "Recoloque a chave mestra com que access.db foi criado."))
  }
}
