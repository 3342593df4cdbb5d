import CLI
import Glibc
import Model
import Pipelines

/// `esteira.yaml` in the data folder: what the operator says of this installation. It may be missing.
///
///     groups: {compliance: [ana, bia]}
///
/// Read anew for each question about people, so that a change needs no restart.
struct ConfigFile: Sendable {
  private let path: String
  private static let largest = 1 << 20

  init(folder: String) { path = folder + "/esteira.yaml" }

  /// The groups that a person is in, in the order of the file. `ana` and `local:ana` are the same person.
  func groups(of actor: String) throws(Problem) -> [String] {
    let person = ScalarString(Self.name(actor))
    return try groups().compactMap { group in
      group.members.contains { ScalarString(Self.name($0)) == person } ? group.name : nil
    }
  }

  /// Throws where the file cannot be understood.
  func check() throws(Problem) { _ = try groups() }

  private func groups() throws(Problem) -> [(name: String, members: [String])] {
    guard let bytes = try read() else { return [] }
    guard case .object(let file) = try JSON(definition: bytes) else {
      throw wrong(Bilingual("it is no map", pt: "não é um mapa"))
    }
    if let key = file.keys.first(where: { $0 != "groups" }) {
      throw wrong(Bilingual("there is no key \"\(key)\"", pt: "não existe a chave \"\(key)\""))
    }
    guard let groups = file["groups"] else { return [] }
    let lists = Bilingual(
      "groups maps each name to a list of users", pt: "groups liga cada nome a uma lista de usuários")
    guard case .object(let named) = groups else { throw wrong(lists) }
    var found: [(name: String, members: [String])] = []
    for group in named {
      let members = (group.value.array ?? []).compactMap(\.string)
      guard let all = group.value.array, all.count == members.count else { throw wrong(lists) }
      found.append((group.key, members))
    }
    return found
  }

  private func read() throws(Problem) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw wrong(.systemReason(errno)) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: Self.largest)
    var length = 0
    while length < bytes.count {
      let count = bytes[length...].withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw wrong(.systemReason(errno)) }
      if count == 0 { return Array(bytes.prefix(length)) }
      length += count
    }
    throw wrong(Bilingual("it is larger than 1 MiB", pt: "tem mais de 1 MiB"))
  }

  private func wrong(_ reason: Bilingual) -> Problem {
    Problem(
      "bad-config",
      Bilingual(
        "\(path) cannot be used: \(reason.english).", pt: "\(path) não pode ser usado: \(reason.portuguese)."
      ),
      remedy: Bilingual(
        "Write it as: groups: {compliance: [ana, bia]}", pt: "Escreva assim: groups: {compliance: [ana, bia]}"
      ))
  }

  private static func name(_ actor: String) -> String {
    actor.hasPrefix("local:") ? String(actor.dropFirst("local:".count)) : actor
  }
}
