import Testing

@Suite("Imports point one way", .timeLimit(.minutes(1)))
struct ImportTests {
  static let ours = Set(Direction.allowed.keys).union(Direction.allowed.values.joined())

  @Test("a module imports only what its line in the direction allows")
  func sources() {
    var faults: [String] = []
    for file in Repository.sources {
      let allowed = Direction.outside.union(Direction.allowed[file.module] ?? [])
      faults += file.imports.filter { !allowed.contains($0) }.map { "\(file.path) imports \($0)" }
    }
    expectNone(faults, "See Direction in HouseRules.swift, and docs/architecture.md.")
  }

  @Test("Package.swift gives each module exactly its line of the direction")
  func package() {
    let targets = Self.targets(of: Repository.text("Package.swift"))
    for (module, allowed) in Direction.allowed.sorted(by: { $0.key < $1.key }) {
      #expect(targets[module] == allowed, "\(module)")
    }
    let swift = targets.keys.filter {
      !$0.hasPrefix("C") || $0 == "Connectors" || $0 == "CLI" || $0 == "Crypto"
    }
    #expect(Set(swift) == Set(Direction.allowed.keys))
  }

  @Test("docs/architecture.md tells a reader the same")
  func document() {
    var told: [String: Set<String>] = [:]
    for line in Repository.text("docs/architecture.md").split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.split { !$0.isLetter }.map(String.init) }
      guard cells.count == 3, let module = cells[0].first, Direction.allowed[module] != nil else { continue }
      told[module] = Set(cells[2])
    }
    for (module, allowed) in Direction.allowed.sorted(by: { $0.key < $1.key }) where module != "esteira" {
      #expect(told[module] == allowed.intersection(Direction.allowed.keys), "\(module)")
    }
  }

  @Test("the direction has no circle")
  func acyclic() {
    var left = Direction.allowed
    while let free = left.first(where: { $0.value.isDisjoint(with: left.keys) }) {
      left[free.key] = nil
    }
    #expect(left.isEmpty, "\(left.keys.sorted()) import each other.")
  }

  @Test("only the bottom modules touch a C library")
  func libraries() {
    for file in Repository.sources where ["Model", "Engine", "API", "Server"].contains(file.module) {
      #expect(!file.imports.contains { $0.hasPrefix("C") && $0 != "Crypto" }, "\(file.path)")
    }
  }

  /// The targets of the products, by name; test targets are left out.
  static func targets(of manifest: String) -> [String: Set<String>] {
    var targets: [String: Set<String>] = [:]
    for part in manifest.split(separator: "arget(").dropFirst() {
      let words = part.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
      guard words.count > 1, !words[1].hasSuffix("Tests") else { continue }
      guard let list = part.firstRange(of: "dependencies: [") else {
        targets[words[1]] = []
        continue
      }
      let names = part[list.upperBound...].prefix { $0 != "]" }.split { !$0.isLetter && !$0.isNumber }
      targets[words[1]] = Set(names.map(String.init))
    }
    return targets
  }
}

extension SourceFile {
  /// The modules of the `import` lines, whatever their access level.
  var imports: [String] {
    code.compactMap { line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position < 3, position + 1 < words.count else {
        return nil
      }
      let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      let name = kinds.contains(String(words[position + 1])) ? words.last : words[position + 1]
      return name.map { String($0.prefix { $0 != "." }) }
    }
  }
}
