import Testing

@Suite("The source is tidy", .timeLimit(.minutes(1)))
struct SourceTests {
  @Test("no file says what this project does not say", arguments: HouseRule.all.indices)
  func banned(_ index: Int) {
    let rule = HouseRule.all[index]
    var faults: [String] = []
    for file in Repository.swift where rule.place != .sources || file.path.hasPrefix("Sources/") {
      let lines = rule.place == .everything ? file.lines.map(String.init) : file.code
      let hits = lines.indices.filter { rule.matches(lines[$0]) }
      if file.name == "HouseRules.swift" || rule.allowed[file.name] != nil { continue }
      faults += hits.map { "\(file.path):\($0 + 1) has \(rule.text)" }
    }
    expectNone(faults, "Write \(rule.instead) instead.")
  }

  @Test("an exception that nobody needs is taken back")
  func exceptions() {
    for rule in HouseRule.all {
      for name in rule.allowed.keys.sorted() {
        let isNeeded = Repository.swift.contains { $0.name == name && $0.code.contains(where: rule.matches) }
        #expect(isNeeded, "\(name) no longer has \(rule.text).")
      }
    }
    for name in Length.longFiles.keys.sorted() {
      #expect(Repository.swift.contains { $0.name == name && $0.lines.count > Length.file }, "\(name)")
    }
    let long = Set(Repository.swift.flatMap { file in file.longFunctions.map { "\(file.name) \($0.name)" } })
    for name in Length.longFunctions.keys.sorted() { #expect(long.contains(name), "\(name)") }
  }

  @Test("no line is wider and no file longer than eyes can hold")
  func length() {
    var faults: [String] = []
    for file in Repository.swift {
      for (number, line) in file.lines.enumerated()
      where line.utf8.count > Length.columns && line.count > Length.columns {
        faults.append("\(file.path):\(number + 1) has \(line.count) columns")
      }
      if file.lines.count > Length.file, Length.longFiles[file.name] == nil {
        faults.append("\(file.path) has \(file.lines.count) lines")
      }
    }
    expectNone(faults, "Break lines; give each idea its own file.")
  }

  @Test("no function is longer than a screen")
  func functions() {
    var faults: [String] = []
    for file in Repository.swift {
      for function in file.longFunctions where Length.longFunctions["\(file.name) \(function.name)"] == nil {
        faults.append("\(file.path):\(function.line) \(function.name) has \(function.length) lines")
      }
    }
    expectNone(faults, "Let one function decide, and others do.")
  }

  @Test("a switch over cases of an enum names them all")
  func catchAll() {
    var faults: [String] = []
    for file in Repository.sources {
      if Exhaustive.allowed[file.name] != nil { continue }
      faults += file.code.indices.filter(file.isCatchAll).map { "\(file.path):\($0 + 1)" }
    }
    expectNone(faults, "Write the cases: a new one must be decided, not fall through.")
  }

  @Test("the rules find what they look for, and only that")
  func probe() {
    let file = SourceFile(
      path: "Sources/A/B.swift",
      text: #"""
        // try! in a comment
        let a = "try! \(try! f("x")) " + #"as! "quoted""#
        func long() {
          let text = """
            } print(
            """
        }
        let fingerprint = fingerprint(a)
        switch a {
        case .one: 1
        default: 2
        }
        switch a {
        case 1: 1
        case _: 2
        }
        """#)
    let hits = HouseRule.all.filter { rule in file.code.contains { rule.matches($0) } }.map(\.text)
    #expect(hits == ["try!"])
    #expect(file.code.indices.filter(file.isCatchAll) == [10])
    #expect(file.functions.map(\.name) == ["long"])
    #expect(file.functions.map(\.length) == [3])
  }
}
