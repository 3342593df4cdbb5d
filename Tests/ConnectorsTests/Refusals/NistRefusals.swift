import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let nist: [Refused] =
    nistInput("nist.parse") + nistStructure("nist.parse") + nistParse + nistInput("nist.validate")
    + nistValidate
    + nistInput("nist.extract") + nistStructure("nist.extract") + nistExtract + nistSynthesize

  /// `with`, where `file` is the path of a file with these bytes.
  private static func file(
    _ bytes: [UInt8], in folder: String = "shared"
  ) -> @Sendable (Bench, JSON) throws -> JSON {
    { bench, with in with.adding("file", try bench.lay("\(folder)/x.nst", bytes)) }
  }

  private static func nistInput(_ name: String) -> [Refused] {
    [
      Refused(name, "no file", [:]), Refused(name, "an unknown key", ["file": "a", "fil": 1]),
      Refused(name, "a path outside", ["file": "/etc/passwd"], .configuration, "outside-roots"),
      Refused(name, "a path that climbs", ["file": "../../../etc/passwd"], .configuration, "outside-roots"),
      Refused(name, "no such file", ["file": "none.nst"], .data, "file-not-found"),
      Refused(name, "a folder", [:], .data, "not-a-file") { bench, with in
        _ = try bench.lay("shared/sub/x.nst", [])
        return with.adding("file", bench.root + "/shared/sub")
      },
      Refused(name, "a root", [:], .data, "unsafe-path") { $1.adding("file", $0.root + "/shared") },
      Refused(name, "a link", [:], .data, "not-a-file") { bench, with in
        let target = try bench.lay("shared/real.nst", NistSample.whole)
        try FileManager.default.createSymbolicLink(
          atPath: bench.root + "/shared/link.nst", withDestinationPath: target)
        return with.adding("file", bench.root + "/shared/link.nst")
      },
      Refused(name, "a link to a folder in the path", [:], .data, "not-a-file") { bench, with in
        _ = try bench.lay("elsewhere/x.nst", NistSample.whole)
        _ = try bench.lay("shared/keep", [])
        try FileManager.default.createSymbolicLink(
          atPath: bench.root + "/shared/out", withDestinationPath: bench.root + "/elsewhere")
        return with.adding("file", bench.root + "/shared/out/x.nst")
      },
      Refused(name, "a pipe", [:], .data, "not-a-file") { bench, with in
        _ = try bench.lay("shared/keep", [])
        mkfifo(bench.root + "/shared/pipe", 0o600)
        return with.adding("file", bench.root + "/shared/pipe")
      },
      Refused(name, "more than 64 MiB", [:], .data, "file-too-large") { bench, with in
        let path = try bench.lay("shared/huge.nst", NistSample.whole)
        truncate(path, 64 << 20 + 1)
        return with.adding("file", path)
      },
    ]
  }

  private static func nistStructure(_ name: String) -> [Refused] {
    let whole = NistSample.whole
    return [
      Refused(name, "an empty file", [:], .data, "invalid-nist", prepare: file([])),
      Refused(name, "a PDF", [:], .data, "invalid-nist", prepare: file(Array("%PDF-1.7".utf8))),
      Refused(name, "a cut file", [:], .data, "invalid-nist", prepare: file(whole.dropLast(9))),
      Refused(
        name, "a file with a line end behind it", [:], .data, "invalid-nist", prepare: file(whole + [10])),
      Refused(
        name, "a LEN that is no number", [:], .data, "invalid-nist",
        prepare: file(Array("1.001:x\u{1D}".utf8) + whole)),
      Refused(
        name, "a content that lists too much", [:], .data, "invalid-nist",
        prepare: file(NistSample.first("1␟2␞2␟00␞2␟01") + NistSample.second)),
    ]
  }

  private static let nistParse: [Refused] = [
    Refused("nist.parse", "an unknown requirement", ["file": "a", "require": ["hashes"]]),
    Refused("nist.parse", "a field that is not of Type-2", ["file": "a", "fields": ["14.003"]]),
    Refused(
      "nist.parse", "a type that is not there", ["require": ["hash", "type-9"]], .data, "nist-incomplete",
      prepare: file(NistSample.whole)),
    Refused(
      "nist.parse", "a field that is not there", ["require": ["2.059"]], .data, "nist-incomplete",
      prepare: file(NistSample.whole)),
    Refused(
      "nist.parse", "an image as a field", ["file": "a", "require": ["14.999"]], .configuration,
      "invalid-with"),
    Refused(
      "nist.parse", "a field of a type that is kept as it is", ["file": "a", "require": ["4.005"]],
      .configuration, "invalid-with"),
    Refused(
      "nist.parse", "no image", ["require": ["images"]], .data, "nist-incomplete",
      prepare: file(Array(NistSample.text.utf8))),
    Refused(
      "nist.parse", "a file that does not conform", ["require": ["conformant"]], .data, "nist-incomplete",
      prepare: file(NistSample.tagged(1, ["2:0500", "3:1␟1␞2␟00"]) + NistSample.second)),
    Refused(
      "nist.parse", "a line of more than 1 MiB", [:], .data, "line-too-long",
      prepare: file(
        NistSample.first("1␟1␞2␟00")
          + NistSample.tagged(2, ["2:00", "3:" + String(repeating: "a", count: 1 << 20)]))),
  ]

  private static let nistValidate: [Refused] = [
    Refused("nist.validate", "strict as a word", ["file": "a", "strict": "yes"]),
    Refused(
      "nist.validate", "an error, strictly", ["strict": true], .data, "nist-not-conformant",
      prepare: file(NistSample.whole + [0])),
    Refused(
      "nist.validate", "an empty file, strictly", ["strict": true], .data, "nist-not-conformant",
      prepare: file([])),
  ]

  private static let nistExtract: [Refused] = [
    Refused("nist.extract", "a field without a type", ["file": "a", "fields": ["018"]]),
    Refused("nist.extract", "a type that is none", ["file": "a", "types": [0]]),
    Refused(
      "nist.extract", "an image as a field", ["file": "a", "fields": ["2.018", "10.999"]], .configuration,
      "invalid-with"),
    Refused(
      "nist.extract", "a field of a type that is kept as it is", ["file": "a", "fields": ["18.003"]],
      .configuration, "invalid-with"),
    Refused(
      "nist.extract", "no image of the type", ["types": [13]], .data, "nist-incomplete",
      prepare: file(NistSample.whole)),
    Refused(
      "nist.extract", "no image of the finger", ["finger": [10]], .data, "nist-incomplete",
      prepare: file(NistSample.whole)),
    Refused(
      "nist.extract", "a field that is not there", ["fields": ["2.059"]], .data, "nist-incomplete",
      prepare: file(NistSample.whole)),
    Refused(
      "nist.extract", "more images than artifacts", [:], .data, "too-many-artifacts",
      prepare: file(
        (1...201).reduce(
          NistSample.first("1␟201␞" + (1...201).map { "4␟\($0)" }.joined(separator: "␞"))
        ) { $0 + NistSample.fingerprint(idc: UInt8($1)) })),
  ]

  private static func canary(_ with: JSON) -> JSON {
    var members: JSONObject = ["path": ".", "name": "a.nst", "mark": "m"]
    for member in with.object ?? JSONObject() { members[member.key] = member.value }
    return .object(members)
  }

  private static let nistSynthesize: [Refused] =
    [
      ("no mark", canary(["mark": ""]), ErrorClass.data, "invalid-with"),
      ("an unknown image", canary(["image": "type-13"]), .data, "invalid-with"),
      ("a field of another type", canary(["fields": ["14.018": "x"]]), .data, "invalid-with"),
      ("a folder outside", canary(["path": "/tmp"]), .configuration, "outside-roots"),
      ("a folder that climbs", canary(["path": "../.."]), .configuration, "outside-roots"),
      ("a folder that is a link", canary(["path": "link"]), .data, "not-a-file"),
      ("a folder that is not there", canary(["path": "none"]), .data, "file-not-found"),
      ("a name with a slash", canary(["name": "a/b.nst"]), .data, "unsafe-path"),
      ("a hidden name", canary(["name": ".a.nst"]), .data, "unsafe-path"),
      (
        "a name of 201 bytes", canary(["name": .string(String(repeating: "a", count: 201))]), .data,
        "unsafe-path"
      ),
      ("a name with a line end", canary(["name": "a\n.nst"]), .data, "unsafe-path"),
      ("a field that is made here", canary(["fields": ["2.901": "x"]]), .data, "invalid-field"),
      ("a field in a second spelling", canary(["fields": ["2.0018": "x"]]), .data, "invalid-with"),
      ("a value with a separator", canary(["fields": ["2.018": "a\u{1D}b"]]), .data, "invalid-field"),
    ].map { why, with, errorClass, code in
      Refused("nist.synthesize", why, with, errorClass, code) { bench, with in
        _ = try bench.lay("shared/keep", [])
        try FileManager.default.createDirectory(
          atPath: bench.root + "/own", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
          atPath: bench.root + "/own/link", withDestinationPath: bench.root + "/shared")
        return with
      }
    } + [
      Refused("nist.synthesize", "a root for reading", canary([:]), .configuration, "read-only-root") {
        $1.adding("path", $0.root + "/reference")
      },
      Refused("nist.synthesize", "another file of that name", canary([:]), .data, "file-exists") {
        bench, with in
        _ = try bench.lay("own/a.nst", [1])
        return with
      },
      Refused("nist.synthesize", "a link of that name", canary([:]), .data, "not-a-file") { bench, with in
        let target = try bench.lay("shared/target", [1])
        _ = try bench.lay("own/keep", [])
        try FileManager.default.createSymbolicLink(
          atPath: bench.root + "/own/a.nst", withDestinationPath: target)
        return with
      },
    ]
}

extension JSON {
  fileprivate func adding(_ key: String, _ text: String) -> JSON {
    var members = object ?? JSONObject()
    members[key] = .string(text)
    return .object(members)
  }
}
