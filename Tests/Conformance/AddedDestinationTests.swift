import Engine
import Model
import Stores
import Testing

@Suite("What every store does with destinations beside the file", .timeLimit(.minutes(1)))
struct AddedDestinationTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func row(_ name: String, version: Int = 1, connection: String = "hooks") -> AddedDestination
  {
    AddedDestination(
      name: name, spec: ["name": .string(name), "namespace": "demo", "connection": .string(connection)],
      version: version, createdAt: moment(1), createdBy: "local:ana", updatedAt: moment(Int64(version)),
      updatedBy: "local:bia")
  }

  @Test("one is kept, replaced by its next version, and goes", arguments: Backend.all)
  func kept(_ backend: Backend) throws {
    do {
      let store = try backend.open(folder)
      let refused = try store.commit(
        Batch {
          $0.writes = [
            .addedDestination(Self.row("b")), .addedDestination(Self.row("a")),
            .addedDestination(Self.row("c")), .addedDestination(Self.row("a", version: 2, connection: "x")),
            .removeAddedDestination(name: "b"), .removeAddedDestination(name: "none"),
          ]
        })
      #expect(refused.isEmpty)
    }
    let store = try backend.open(folder)
    #expect(try store.addedDestinations() == [Self.row("a", version: 2, connection: "x"), Self.row("c")])
  }

  @Test(
    "one that does not follow the version that is there refuses all writes of its batch",
    arguments: Backend.all, [[1], [0], [3], [1, 1], [2, 2], [2, 4]])
  func conflicts(_ backend: Backend, versions: [Int]) throws {
    let store = try backend.open(folder)
    _ = try store.commit(Batch { $0.writes = [.addedDestination(Self.row("a"))] })
    let refused = try store.commit(
      Batch {
        $0.writes =
          [.setting(namespace: "sales", name: "x", value: 1, by: "ana", at: moment(1))]
          + versions.map { .addedDestination(Self.row("a", version: $0)) }
      })
    #expect(refused.map(\.job) == [.catalog])
    #expect(try store.addedDestinations() == [Self.row("a")])
    #expect(try store.settings(of: "sales").members.isEmpty)
  }
}
