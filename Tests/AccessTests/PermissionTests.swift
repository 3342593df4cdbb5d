import Access
import Testing

@Suite("What a principal may do", .timeLimit(.minutes(1)))
struct PermissionTests {
  private func principal(_ grants: [Grant], ceiling: [Grant]? = nil) -> Principal {
    Principal(kind: .person, id: "1", actor: "ana", grants: grants, ceiling: ceiling)
  }

  private func grant(_ namespace: String, _ words: String...) throws -> Grant {
    Grant(namespace: namespace, permissions: try #require(Permissions(words)))
  }

  @Test("A namespace means itself, not what begins with its name", arguments: ["aa", "a_b", "A", "", "*"])
  func exactNamespace(other: String) throws {
    let ana = principal([try grant("a", "jobs:read")])
    #expect(ana.may("read", "jobs", in: "a"))
    #expect(!ana.may("read", "jobs", in: other))
  }

  @Test("What belongs to no namespace needs a grant for all of them")
  func global() throws {
    #expect(!principal([try grant("a", "users:read")]).may("read", "users", in: nil))
    #expect(principal([try grant("*", "users:read")]).may("read", "users", in: nil))
  }

  @Test("Half a permission is a whole one with *", arguments: ["jobs:*", "*:read", "*:*"])
  func halves(word: String) throws {
    let ana = principal([try grant("a", word)])
    #expect(ana.may("read", "jobs", in: "a"))
    #expect(ana.may("kill", "jobs", in: "a") == (word != "*:read"))
  }

  @Test(
    "What is no permission is refused",
    arguments: [
      "jobs", "jobs:", ":read", "jobs:read:x", "Jobs:read", "jobs:re ad", "", "**:read", "jöbs:read",
    ])
  func malformed(word: String) { #expect(Permissions([word]) == nil) }

  @Test("A token takes away and never gives")
  func ceilings() throws {
    let token = principal(
      [try grant("a", "jobs:read"), try grant("b", "jobs:*")],
      ceiling: [try grant("b", "jobs:read"), try grant("c", "jobs:read")])
    #expect(!token.may("read", "jobs", in: "a"))
    #expect(token.may("read", "jobs", in: "b"))
    #expect(!token.may("kill", "jobs", in: "b"))
    #expect(!token.may("read", "jobs", in: "c"))
    #expect(token.reach("read", "jobs") == .only(["b"]))
  }

  @Test("An admin's token for one namespace reaches only that one")
  func narrowedAdmin() throws {
    let token = principal([.everything], ceiling: [try grant("a", "*:*")])
    #expect(token.reach("read", "jobs") == .only(["a"]))
    #expect(!token.may("read", "users", in: nil))
  }

  @Test("The roles of the source may what its matrix says, and nothing more of it")
  func matrix() {
    let verbs = [
      "pipelines": ["create", "read", "update", "delete", "execute"], "jobs": ["read", "cancel", "retry"],
      "credentials": ["create", "read", "update", "delete"], "users": ["create", "read", "update", "delete"],
    ]
    var allowed: [BuiltInRole: Set<String>] = [:]
    for role in BuiltInRole.allCases {
      for (resource, words) in verbs {
        for verb in words where role.permissions.contains(verb, resource) {
          allowed[role, default: []].insert("\(resource):\(verb)")
        }
      }
    }
    #expect(allowed[.admin]?.count == 16)
    #expect(
      allowed[.operator] == [
        "pipelines:read", "pipelines:execute", "jobs:read", "jobs:cancel", "credentials:read",
      ])
    #expect(allowed[.viewer] == ["pipelines:read", "jobs:read"])
  }
}
