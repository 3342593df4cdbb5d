import API
import Model
import Pipelines
import Testing

/// What schemas promise is what readers hold, for every type that an endpoint of the catalog takes or gives.
@Suite("Schemas of wire types", .timeLimit(.minutes(2)))
struct SchemaTests {
  @Test("every type that the catalog reaches is among those tested here")
  func complete() {
    var names: Set<String> = []
    func add(_ schema: Schema) {
      if let name = schema.name, !names.insert(name).inserted { return }
      for part in schema.parts { add(part) }
    }
    for shape in EndpointCatalog.shapes {
      add(shape.input)
      switch shape.output {
      case .json(let schema), .events(let schema): add(schema)
      case .bytes: break
      }
    }
    #expect(names.subtracting(WireTypes.all.map { $0.schema.name ?? "" }).sorted() == [])
  }

  @Test("a value that has every member is read, written the same and taken", arguments: WireTypes.all.indices)
  func whole(_ index: Int) throws {
    let type = WireTypes.all[index]
    let (judge, value) = (try Judge(type.schema), SchemaExample.value(of: type.schema, every: true))
    #expect(judge.accepts(value), "\(value.text)")
    let written = try type.init(value).json
    if type is ProblemDocument.Type {
      // Its title, type and page follow from its code.
      #expect(judge.accepts(written) && written["title"] == "text" && written["type"] == "about:blank")
    } else {
      #expect(written == value)
    }
  }

  @Test("a value of the required members alone is read and written as one that is taken")
  func least() throws {
    for type in WireTypes.all {
      let (judge, value) = (try Judge(type.schema), SchemaExample.value(of: type.schema, every: false))
      #expect(judge.accepts(value), "\(value.text)")
      let written = try type.init(value).json
      #expect(judge.accepts(written), "\(type): \(written.text)")
    }
  }

  /// The judge is another program than the readers: the JSON Schema of pipelines, with a pattern engine.
  @Test("a reader takes a changed value where its schema does, and refuses it where it does not")
  func agreement() throws {
    var compared = 0
    for type in WireTypes.all {
      let (judge, whole) = (try Judge(type.schema), SchemaExample.value(of: type.schema, every: true))
      for value in Self.changes(of: whole) {
        let accepted = judge.accepts(value)
        let isRead = Self.reads(type, value)
        #expect(accepted == isRead, "\(type) reads \(value.text): \(isRead)")
        compared += 1
      }
    }
    #expect(compared > 10_000)
  }

  private static func reads(_ type: any Wire.Type, _ value: JSON) -> Bool {
    do {
      _ = try type.init(value)
      return true
    } catch { return false }
  }

  /// Each member left out, each replaced by each odd value, one more member, and no object at all.
  private static func changes(of value: JSON) -> [JSON] {
    guard case .object(let object) = value else { return [] }
    var changes: [JSON] = odd
    for key in object.keys {
      var shorter = object
      shorter[key] = nil
      changes.append(.object(shorter))
      for other in odd + nested(object[key] ?? .null) {
        var changed = object
        changed[key] = other
        changes.append(.object(changed))
      }
    }
    var longer = object
    longer["nobody_knows"] = 1
    return changes + [.object(longer)]
  }

  /// Changes one level down, of a list's first element or an object.
  private static func nested(_ value: JSON) -> [JSON] {
    switch value {
    case .array(let items): (items.first.map(changes) ?? []).map { .array([$0]) } + odd.map { .array([$0]) }
    case .object: changes(of: value)
    case .null, .bool, .int, .double, .string: []
    }
  }

  private static let odd: [JSON] = [
    .null, true, false, 0, 1, -1, 5.0, 1.5, 1e300, .int(.max), .int(.min), "", "x", "demo~hello", "a~b~c",
    "~", "7",
    "2026-11-20T09:00:00Z", "2026-13-20T09:00:00Z", "AAA=", "AAB=", "90s", "1d12h", "1.5h", "a=b", "a!=b,c",
    .string(String(repeating: "é", count: 5_000)), [], ["x"], [1], [.null], .object(JSONObject()), ["x": 1],
    ["x": "y"], ["allow": ["x"]], ["allow": [1]], ["deny": []],
  ]

  @Test("a form and its pattern take the same texts", arguments: TextForm.allCases)
  func forms(_ form: TextForm) throws {
    let judge = try Judge(json: ["type": "string", "pattern": .string(form.rawValue)])
    for text in Self.texts {
      #expect(form.accepts(text) == judge.accepts(.string(text)), "\(form): \(text.debugDescription)")
    }
  }

  /// All short texts of letters that some form minds, and a few that are longer.
  private static let texts: [String] = {
    var (texts, last): ([String], [String]) = ([""], [""])
    for _ in 0..<4 {
      last = last.flatMap { text in
        ["a", "0", "~", "=", "!", ",", "\\", "d", "s", "m", ".", "\u{301}"].map { text + $0 }
      }
      texts += last
    }
    return texts + [
      String(repeating: "a", count: 64), String(repeating: "A", count: 64), "AAAA", "AAA=", "AAB=", "AA==",
      "AB==",
      "=AAA", "1d2h3m4s5ms", "99999d99999h", "100000d", "1.123456789s", "1.1234567890s", "a=b,c!=d\\,e,f=",
      "a b/c", "a b/c d/e f", "a b/c ", "a b/c\n", "a b", "a b/", "a /c", " b/c", "a b/c/d", "a  b/c",
      "a \u{301}/c",
      "a \u{301}b/\u{301}",
    ]
  }()

  @Test("a problem names the member that is wrong, in both languages")
  func sentences() {
    func fault<Value: Wire>(_ type: Value.Type, _ json: JSON) -> WireError? {
      do throws(WireError) {
        _ = try type.init(json)
        return nil
      } catch { return error }
    }
    let unknown = fault(PipelineQuery.self, ["id": "a~b", "revison": 1])
    #expect(unknown?.pointer == "/revison")
    #expect(unknown?.message.english == "\"revison\" is not taken here. There are: id, revision.")
    #expect(unknown?.message.portuguese == "\"revison\" não é aceito aqui. Existem: id, revision.")
    let word = fault(AlertQuery.self, ["state": "lost"])
    #expect(word?.message.english == "\"state\" must be one of: open, resolved, all.")
    let range = fault(ListQuery.self, ["limit": 0])
    #expect(range?.pointer == "/limit" && range?.message.english == "\"limit\" must be from 1 to 200.")
    let deep = fault(ApplyRequest.self, ["files": [["name": "x", "source": ""], ["name": "y"]]])
    #expect(deep?.pointer == "/files/1/source")
    #expect(fault(ListQuery.self, [])?.message.english == "An object was expected here.")
  }
}
