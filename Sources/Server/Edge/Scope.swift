import API
import Access
import Model

/// Where something lives.
enum Place: Sendable {
  /// In a namespace. Whoever may do nothing there hears what they would hear if it did not exist.
  case namespace(String, missing: Problem)
  /// In none, such as an account: it takes a grant for all namespaces.
  case system
  /// In each namespace that is granted: a list, which the handler filters by `Caller.reach`.
  case granted
}

/// Where the object of a call lives, which says in which namespace the permission is asked. A route does not
/// compile without one.
struct Scope<Input: Wire>: Sendable {
  let places: @Sendable (Input, Caller) throws(Problem) -> [Place]

  private init(_ places: @escaping @Sendable (Input, Caller) throws(Problem) -> [Place]) {
    self.places = places
  }

  static var system: Scope { Scope { (_, _) throws(Problem) in [.system] } }
  static var granted: Scope { Scope { (_, _) throws(Problem) in [.granted] } }

  /// Of a list: the namespace that is asked for, or all that are granted.
  static func list(_ namespace: @escaping @Sendable (Input) -> String?) -> Scope {
    Scope { (input, _) throws(Problem) in
      namespace(input).map { [.namespace($0, missing: noNamespace($0))] } ?? [.granted]
    }
  }

  static func namespace(_ namespace: @escaping @Sendable (Input) -> String) -> Scope {
    Scope { (input, _) throws(Problem) in
      let name = namespace(input)
      return [.namespace(name, missing: noNamespace(name))]
    }
  }

  /// `namespace~name` or `namespace~pipeline~trigger`. Of a namespace that the caller does not see nothing is
  /// said, whether the thing is there or not.
  static func name(_ id: @escaping @Sendable (Input) -> String) -> Scope {
    Scope { (input, _) throws(Problem) in
      let text = id(input)
      let parts = text.cut(at: "~", most: 2)
      guard parts.count == 2 else { return [.granted] }
      return [.namespace(parts[0], missing: noNamespace(parts[0]))]
    }
  }

  /// Found by looking, by what the caller may see: `find` throws what is said of one that is not there.
  static func found(
    _ find: @escaping @Sendable (Input, Principal) throws(Problem) -> (namespace: String, missing: Problem)
  ) -> Scope {
    Scope { (input, caller) throws(Problem) in
      let found = try find(input, caller.principal)
      return [.namespace(found.namespace, missing: found.missing)]
    }
  }

  /// Where `find` says it is.
  static func placed(_ find: @escaping @Sendable (Input) throws(Problem) -> Place) -> Scope {
    Scope { (input, _) throws(Problem) in [try find(input)] }
  }

  /// Open to everyone, or about whoever is signed in.
  static var own: Scope { Scope { (_, _) throws(Problem) in [] } }

  /// Several things at once.
  static func each(_ namespaces: @escaping @Sendable (Input) throws(Problem) -> [String]) -> Scope {
    Scope { (input, _) throws(Problem) in
      try namespaces(input).map { .namespace($0, missing: noNamespace($0)) }
    }
  }

  static func noNamespace(_ name: String) -> Problem {
    Problem(
      "no-namespace",
      Bilingual(
        "There is no namespace \(name), or nothing in it is yours to see.",
        pt: "Não existe o espaço \(name), ou nada nele é visível para você."),
      remedy: Bilingual(
        "`esteira whoami` shows where you may do what.", pt: "`esteira whoami` mostra o que você pode."))
  }
}

/// Lets a caller through, or says why not.
enum Gate {
  /// Whether the caller may do this anywhere.
  static func checkAtAll(_ permission: Permission, _ principal: Principal) throws(Problem) {
    _ = try check(permission, principal, at: [])
    guard case .needs(let resource, let verb) = permission,
      principal.reach(verb, resource) == .only([])
    else { return }
    throw notAllowed(verb, resource, nil)
  }

  /// Returns where the permission is granted.
  static func check(
    _ permission: Permission, _ principal: Principal, at places: [Place]
  ) throws(Problem) -> Reach {
    switch permission {
    case .open: return .everywhere
    case .signedIn:
      guard principal.kind != .anonymous else { throw notSignedIn }
      return .everywhere
    case .needs(let resource, let verb):
      guard principal.kind != .anonymous else { throw notSignedIn }
      let reach = principal.reach(verb, resource)
      // An input that names no place, such as a file that cannot be read, asks for the permission anywhere.
      for place in places.isEmpty ? [.granted] : places {
        try check(place, principal, verb, resource, reach)
      }
      return reach
    }
  }

  private static func check(
    _ place: Place, _ principal: Principal, _ verb: String, _ resource: String, _ reach: Reach
  ) throws(Problem) {
    switch place {
    case .system:
      guard principal.may(verb, resource, in: nil) else { throw notAllowed(verb, resource, nil) }
    case .granted:
      guard reach != .only([]) else { throw notAllowed(verb, resource, nil) }
    case .namespace(let name, let missing):
      if principal.may(verb, resource, in: name) { return }
      throw principal.sees(name) ? notAllowed(verb, resource, name) : missing
    }
  }

  static let notSignedIn = Problem(
    "not-signed-in",
    Bilingual("Nobody is signed in.", pt: "Ninguém entrou."),
    remedy: Bilingual(
      "Sign in with `esteira login`, or send a token: Authorization: Bearer ….",
      pt: "Entre com `esteira login`, ou envie um token: Authorization: Bearer …."))

  static func notAllowed(_ verb: String, _ resource: String, _ namespace: String?) -> Problem {
    let place = namespace.map { " in \($0)" } ?? ""
    let placePT = namespace.map { " em \($0)" } ?? ""
    return Problem(
      "not-allowed",
      Bilingual(
        "You may not do this: it takes \(resource):\(verb)\(place).",
        pt: "Você não pode fazer isto: exige \(resource):\(verb)\(placePT)."),
      remedy: Bilingual(
        "An admin grants it with a role: `esteira role bind`.",
        pt: "Um admin concede com um papel: `esteira role bind`."))
  }
}
