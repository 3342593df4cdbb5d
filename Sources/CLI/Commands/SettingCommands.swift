import API
import Model

/// `setting ls`
enum SettingList {
  static let spec = CommandSpec(
    "setting ls",
    Bilingual("lists the settings of a namespace", pt: "lista os ajustes de um espaço de nomes"),
    examples: [
      .init(
        "esteira setting ls -n demo",
        Bilingual("what expressions read as settings.NAME", pt: "o que expressões leem como settings.NOME"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let namespace = call.namespace else {
      throw UsageError(
        Bilingual("Settings belong to a namespace.", pt: "Ajustes pertencem a um espaço de nomes."),
        remedy: Bilingual("Name it with -n.", pt: "Indique-o com -n."))
    }
    let settings = try await call.withClient(.reading) { try await $0.settings(of: namespace) }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [Bilingual("SETTING", pt: "AJUSTE"), Bilingual("VALUE", pt: "VALOR")],
      empty: Bilingual("The namespace has no settings.", pt: "O espaço de nomes não tem ajustes."))
    listing.rows = settings.map { setting in
      let name = "\(namespace)/\(setting.key)"
      return Listing.Row(
        cells: [name.printable, words.value(setting.value).printable],
        json: ["name": .string(name), "value": setting.value], id: name)
    }
    call.show(listing)
    return .done
  }
}

/// `setting get NS/NAME`
enum SettingGet {
  static let spec = CommandSpec(
    "setting get", Bilingual("prints a setting as JSON", pt: "imprime um ajuste em JSON"),
    arguments: [.setting],
    examples: [
      .init("esteira setting get demo/limit", Bilingual("its value alone", pt: "só o valor"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (namespace, name) = try call.setting(call.arguments[0])
    let settings = try await call.withClient(.reading) { try await $0.settings(of: namespace) }
    guard let value = settings[name] else {
      throw Problem(
        "unknown-setting",
        Bilingual(
          "There is no setting \(namespace)/\(name).", pt: "Não existe o ajuste \(namespace)/\(name)."),
        remedy: Bilingual(
          "`esteira setting ls -n \(namespace)` names them.",
          pt: "`esteira setting ls -n \(namespace)` mostra os nomes."))
    }
    call.console.out(call.format == .jsonl ? value.text : value.prettyText)
    return .done
  }
}

/// `setting set NS/NAME VALUE`
enum SettingSet {
  static let spec = CommandSpec(
    "setting set",
    Bilingual(
      "sets a setting; settings are not secret: for secrets there is `credential set`",
      pt: "define um ajuste; ajustes não são secretos: para segredos há `credential set`"),
    arguments: [
      .setting,
      ArgumentSpec(
        "VALUE",
        Bilingual(
          "JSON where it reads as JSON, else text; - reads it from standard input",
          pt: "JSON quando for JSON, senão texto; - lê da entrada padrão")),
    ],
    examples: [
      .init("esteira setting set demo/limit 20", Bilingual("a number", pt: "um número")),
      .init(
        "esteira setting set demo/regions '[\"SP\", \"RJ\"]'", Bilingual("a list", pt: "uma lista")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (namespace, name) = try call.setting(call.arguments[0])
    let value = try value(call)
    if value.isNull {
      throw UsageError(
        Bilingual("A setting cannot be null.", pt: "Um ajuste não pode ser null."),
        remedy: Bilingual(
          "Remove it with `esteira setting unset`.", pt: "Remova-o com `esteira setting unset`."))
    }
    try await call.change(namespace, name, value)
    if !call.isQuiet {
      call.show(
        ["\(namespace)/\(name): \(Words(language: call.language).value(value).printable)"],
        json: ["name": .string("\(namespace)/\(name)"), "value": value], id: "\(namespace)/\(name)")
    }
    return .done
  }

  private static func value(_ call: Invocation) throws -> JSON {
    guard call.arguments[1] == "-" else {
      // Text that is not JSON is meant as text, so a failure to read it says nothing is wrong.
      return (try? JSON(parsing: call.arguments[1])) ?? .string(call.arguments[1])
    }
    return try call.readJSON("-", "VALUE")
  }
}

/// `setting unset NS/NAME`
enum SettingUnset {
  static let spec = CommandSpec(
    "setting unset", Bilingual("removes a setting", pt: "remove um ajuste"), arguments: [.setting],
    examples: [
      .init(
        "esteira setting unset demo/limit",
        Bilingual("expressions that read it then fail", pt: "expressões que o leem passam a falhar"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (namespace, name) = try call.setting(call.arguments[0])
    try await call.change(namespace, name, .null)
    if !call.isQuiet {
      call.console.out("\(namespace)/\(name): " + call.text(Bilingual("removed", pt: "removido")))
    }
    return .done
  }
}

extension ArgumentSpec {
  fileprivate static let setting = ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))
}

extension Client {
  fileprivate func settings(of namespace: String) async throws -> JSONObject {
    try await call(AccessCalls.settings, ListQuery(namespace: namespace)).object ?? JSONObject()
  }
}

extension Invocation {
  fileprivate func setting(_ text: String) throws(UsageError) -> (namespace: String, name: String) {
    let parts = try identifier(text).cut(at: "~", most: 2)
    return (parts[0], parts[1])
  }

  fileprivate func change(_ namespace: String, _ name: String, _ value: JSON) async throws {
    let request = SettingRequest(id: "\(namespace)~\(name)", value: value)
    _ = try await withClient(.writing) { try await $0.call(AccessCalls.setSetting, request) }
  }
}
