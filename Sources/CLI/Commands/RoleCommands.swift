import API
import Model

private let role = ArgumentSpec("ROLE", Bilingual("its name", pt: "o nome"))

/// `role ls`
enum RoleList {
  static let spec = CommandSpec(
    "role ls", Bilingual("lists roles and what they allow", pt: "lista os papéis e o que permitem"),
    examples: [.init("esteira role ls", Bilingual("built-in and own", pt: "embutidos e próprios"))],
    run: { call in
      let items = try await call.withClient(.writing) { try await $0.call(RoleCalls.roles, Nothing()) }.items
      var listing = Listing(
        columns: [
          Bilingual("ROLE", pt: "PAPEL"), Bilingual("KIND", pt: "TIPO"),
          Bilingual("ON", pt: "EM"), Bilingual("MAY", pt: "PODE"),
        ], empty: Bilingual("There are no roles.", pt: "Não há papéis."))
      listing.rows = items.map { item in
        let kind = item.isBuiltIn ? Bilingual("built-in", pt: "embutido") : Bilingual("own", pt: "próprio")
        let rights = rights(item.permissions)
        return Listing.Row(
          cells: [item.name.printable, call.text(kind)] + (rights.first ?? []), json: item.json,
          id: item.name.printable, further: rights.dropFirst().map { ["", ""] + $0 })
      }
      call.show(listing)
      return .done
    })

  /// A line for each kind of thing, with all that may be done with it.
  private static func rights(_ permissions: [String]) -> [[String]] {
    var verbs: [String: [String]] = [:]
    for permission in permissions {
      let parts = permission.cut(at: ":", most: 2)
      verbs[parts[0], default: []].append(parts.count == 2 ? parts[1] : "")
    }
    return verbs.keys.sorted().map {
      [$0.printable, (verbs[$0] ?? []).sorted().joined(separator: ", ").printable]
    }
  }
}

/// `role set ROLE`
enum RoleSet {
  static let spec = CommandSpec(
    "role set", Bilingual("makes or changes a role", pt: "cria ou altera um papel"), arguments: [role],
    flags: [
      FlagSpec(
        "--permission", value: "WORD", repeated: true,
        Bilingual("such as jobs:read; all that it has", pt: "como jobs:read; todas as que ele tem"))
    ],
    examples: [
      .init(
        "esteira role set watcher --permission jobs:read --permission alerts:read",
        Bilingual("two permissions", pt: "duas permissões"))
    ],
    run: { call in
      let request = RoleRequest(name: call.arguments[0], permissions: call.values("--permission"))
      let item = try await call.withClient(.writing) { try await $0.call(RoleCalls.putRole, request) }
      if !call.isQuiet {
        call.show(
          ["\(item.name.printable): \(item.permissions.joined(separator: " ").printable)"], json: item.json,
          id: item.name.printable)
      }
      return .done
    })
}

/// `role delete ROLE`
enum RoleDelete {
  static let spec = CommandSpec(
    "role delete", Bilingual("removes a role that nobody has", pt: "remove um papel que ninguém tem"),
    arguments: [role],
    examples: [
      .init("esteira role delete watcher", Bilingual("built-in ones stay", pt: "os embutidos ficam"))
    ],
    run: { call in
      let name = NameOnly(name: call.arguments[0])
      _ = try await call.withClient(.writing) { try await $0.call(RoleCalls.deleteRole, name) }
      let shown = name.name.printable
      call.confirm(Bilingual("\(shown) is removed.", pt: "\(shown) foi removido."))
      return .done
    })
}

/// `role bind` and `role unbind`
enum RoleBinding {
  private static let arguments = [
    role, ArgumentSpec("WHO", Bilingual("an account, or a group", pt: "uma conta, ou um grupo")),
  ]
  private static let flags = [
    FlagSpec("--group", Bilingual("WHO is a group", pt: "WHO é um grupo")),
    FlagSpec("--everywhere", Bilingual("in all namespaces", pt: "em todos os espaços de nomes")),
  ]

  static let bind = CommandSpec(
    "role bind",
    Bilingual("gives a role in a namespace, or in all", pt: "dá um papel em um espaço, ou em todos"),
    arguments: arguments, flags: flags,
    examples: [
      .init("esteira role bind operator ana -n demo", Bilingual("in one namespace", pt: "em um espaço")),
      .init(
        "esteira role bind viewer editors --group --everywhere",
        Bilingual("a whole group, everywhere", pt: "um grupo inteiro, em todo lugar")),
    ],
    run: { call in
      let request = try request(call)
      let item = try await call.withClient(.writing) { try await $0.call(RoleCalls.bind, request) }
      if !call.isQuiet {
        let place = item.namespace.printable
        call.show(
          [
            call.text(
              Bilingual(
                "\(item.subject.printable) has \(item.role.printable) in \(place).",
                pt: "\(item.subject.printable) tem \(item.role.printable) em \(place)."))
          ], json: item.json, id: "\(item.role)/\(item.subject)/\(place)".printable)
      }
      return .done
    })

  static let unbind = CommandSpec(
    "role unbind", Bilingual("takes a role away", pt: "retira um papel"), arguments: arguments, flags: flags,
    examples: [
      .init(
        "esteira role unbind operator ana -n demo",
        Bilingual("at once, also for open sessions", pt: "na hora, também nas sessões abertas"))
    ],
    run: { call in
      let request = try request(call)
      _ = try await call.withClient(.writing) { try await $0.call(RoleCalls.unbind, request) }
      let (who, what) = (request.subject.printable, request.role.printable)
      let place = request.namespace.printable
      call.confirm(
        Bilingual("\(who) no longer has \(what) in \(place).", pt: "\(who) não tem mais \(what) em \(place).")
      )
      return .done
    })

  /// Everywhere only where it is said.
  private static func request(_ call: Invocation) throws(UsageError) -> BindingRequest {
    let isEverywhere = call.has("--everywhere")
    guard isEverywhere != (call.namespace != nil) else {
      throw UsageError(
        Bilingual("Say where: -n NS or --everywhere.", pt: "Diga onde: -n NS ou --everywhere."))
    }
    return BindingRequest(
      subjectKind: call.has("--group") ? "group" : "user", subject: call.arguments[1],
      role: call.arguments[0], namespace: call.namespace ?? "*")
  }

  static let list = CommandSpec(
    "role bindings", Bilingual("who has which role, and where", pt: "quem tem qual papel, e onde"),
    examples: [
      .init("esteira role bindings -n demo", Bilingual("that count in demo", pt: "que valem em demo"))
    ],
    run: { call in
      let items = try await call.withClient(.writing) { try await $0.call(RoleCalls.bindings, Nothing()) }
        .items.filter { call.namespace == nil || $0.namespace == call.namespace || $0.namespace == "*" }
      let words = Words(language: call.language)
      var listing = Listing(
        columns: [
          Bilingual("WHO", pt: "QUEM"), Bilingual("KIND", pt: "TIPO"), Bilingual("ROLE", pt: "PAPEL"),
          Bilingual("NAMESPACE", pt: "ESPAÇO"), Bilingual("GIVEN", pt: "DADO"), Bilingual("BY", pt: "POR"),
        ], empty: Bilingual("Nobody has a role.", pt: "Ninguém tem papel."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.subject.printable, item.subjectKind, item.role.printable, item.namespace.printable,
            words.time(item.grantedAt), item.grantedBy.printable,
          ], json: item.json, id: "\(item.role)/\(item.subject)/\(item.namespace)".printable)
      }
      call.show(listing)
      return .done
    })
}
