import API
import Model

private let group = ArgumentSpec("GROUP", Bilingual("name or id", pt: "nome ou id"))

/// `group ls`
enum GroupList {
  static let spec = CommandSpec(
    "group ls", Bilingual("lists groups and their members", pt: "lista os grupos e os membros"),
    examples: [.init("esteira group ls", Bilingual("by name", pt: "por nome"))],
    run: { call in
      let items = try await call.withClient(.writing) { try await $0.call(RoleCalls.groups, Nothing()) }.items
      var listing = Listing(
        columns: [Bilingual("GROUP", pt: "GRUPO"), Bilingual("MEMBERS", pt: "MEMBROS")],
        empty: Bilingual("There are no groups.", pt: "Não há grupos."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [item.name.printable, item.members.joined(separator: ", ").printable], json: item.json,
          id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `group create NAME`
enum GroupCreate {
  static let spec = CommandSpec(
    "group create", Bilingual("makes a group", pt: "cria um grupo"),
    arguments: [ArgumentSpec("NAME", Bilingual("of the new group", pt: "do grupo novo"))],
    examples: [.init("esteira group create editors", Bilingual("still empty", pt: "ainda vazio"))],
    run: { call in
      let request = GroupRequest(name: call.arguments[0])
      call.show(try await call.withClient(.writing) { try await $0.call(RoleCalls.createGroup, request) })
      return .done
    })
}

/// `group delete GROUP`
enum GroupDelete {
  static let spec = CommandSpec(
    "group delete", Bilingual("removes a group and its roles", pt: "remove um grupo e os papéis dele"),
    arguments: [group],
    examples: [
      .init("esteira group delete editors", Bilingual("its members stay", pt: "os membros ficam"))
    ],
    run: { call in
      let path = IDPath(id: call.arguments[0])
      _ = try await call.withClient(.writing) { try await $0.call(RoleCalls.deleteGroup, path) }
      let shown = path.id.printable
      call.confirm(Bilingual("\(shown) is removed.", pt: "\(shown) foi removido."))
      return .done
    })
}

/// `group add` and `group remove`
enum GroupMembers {
  static let add = spec(
    "add", Bilingual("takes accounts into a group", pt: "põe contas em um grupo")
  ) { MembersRequest(id: $0, add: $1) }
  static let remove = spec(
    "remove", Bilingual("takes accounts out of a group", pt: "tira contas de um grupo")
  ) { MembersRequest(id: $0, remove: $1) }

  private static func spec(
    _ verb: String, _ summary: Bilingual,
    _ request: @escaping @Sendable (_ group: String, _ users: [String]) -> MembersRequest
  ) -> CommandSpec {
    CommandSpec(
      "group \(verb)", summary,
      arguments: [
        group, ArgumentSpec("USER", repeated: true, Bilingual("names or ids", pt: "nomes ou ids")),
      ],
      examples: [
        .init("esteira group \(verb) editors ana rui", Bilingual("two at once", pt: "duas de uma vez"))
      ],
      run: { call in
        let request = request(call.arguments[0], Array(call.arguments.dropFirst()))
        let item = try await call.withClient(.writing) { try await $0.call(RoleCalls.changeGroup, request) }
        if !call.isQuiet { call.show(item) }
        return .done
      })
  }
}

extension Invocation {
  fileprivate func show(_ item: GroupItem) {
    let members = item.members.joined(separator: ", ").printable
    let none = text(Bilingual("no members", pt: "sem membros"))
    show(["\(item.name.printable): \(members.isEmpty ? none : members)"], json: item.json, id: item.id)
  }
}
