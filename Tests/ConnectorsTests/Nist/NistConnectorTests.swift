import Crypto
import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("The connectors of ANSI/NIST-ITL", .timeLimit(.minutes(1)))
struct NistConnectorTests {
  private func run(_ connector: any Connector, _ bench: Bench, _ with: JSON, number: Int = 1)
    async throws(Failure) -> AttemptOutput
  {
    let effect = connector.description.effectClass(with: with, idempotent: nil)
    return try await connector.execute(bench.attempt(with, number: number, effect: effect))
  }

  @Test("parse gives one line with the file's identifiers, and the images stay in the file")
  func parse() async throws {
    let bench = try Bench()
    let path = try bench.lay("shared/in/a.nst", NistSample.whole)
    let output = try await run(
      NistParse(), bench,
      [
        "file": .string(path), "source": "arquivo",
        "require": ["hash", "images", "conformant", "type-2", "type-14", "2.018", "1.009"],
      ])
    let value = output.value
    let hash = SHA256.hex(NistSample.whole)
    #expect(value["sha256"] == .string(hash) && value["count"] == 4 && value["warnings"] == [])
    #expect(value["types"] == ["1": 1, "2": 1, "4": 1, "14": 1])
    let transaction: JSON = [
      "VER": "0500", "TOT": "AMN", "DAT": "20260102", "DAI": "DAI000000", "ORI": "ORI000000", "TCN": "TCN-1",
      "NSR": "19.69", "NTR": "19.69",
    ]
    #expect(value["transaction"] == transaction)
    let handle = try #require(value["records"].flatMap(ArtifactHandle.init))
    #expect(
      handle.mediaType == "application/x-ndjson" && handle.name == "a.nst.ndjson"
        && output.artifacts == [handle])
    let lines = try #require(bench.bytes(of: handle))
    #expect(lines.last == 0x0A && lines.filter { $0 == 0x0A }.count == 1)
    let line = try JSON(parsing: Array(lines.dropLast()))
    let images = try NistFile(parsing: NistSample.whole).images
    #expect(
      line == [
        "sha256": .string(hash), "name": "a.nst", "size": .int(Int64(NistSample.whole.count)),
        "source": "arquivo",
        "transaction": transaction,
        "descriptive": [
          "2.003": ["text"], "2.018": ["SILVA,ANA", "SOUZA,ANA"], "2.022": [["a", "b"], "c"],
        ],
        "images": [
          [
            "type": 4, "idc": 1, "fingers": [7], "impression": 0, "width": 2, "height": 3,
            "compression": "NONE",
            "size": 6, "sha256": .string(SHA256.hex([1, 2, 3, 4, 5, 6])),
            "offset": .int(Int64(images[0].data.startIndex)),
          ],
          [
            "type": 14, "idc": 2, "fingers": [1], "impression": 0, "width": 2, "height": 2,
            "compression": "NONE",
            "size": 4, "sha256": .string(SHA256.hex([0x1C, 0x1D, 0x1E, 0x1F])),
            "offset": .int(Int64(images[1].data.startIndex)),
          ],
        ],
      ])
  }

  @Test("parse reads an artifact too, only the fields that it is told, and texts by their character set")
  func fields() async throws {
    let bench = try Bench()
    let handle = bench.keep(NistSample.text, name: "t.nst", mediaType: "application/octet-stream")
    let with: JSON = ["file": handle.json, "fields": ["2.003"]]
    let output = try await run(NistParse(), bench, with)
    let lines = try #require(output.artifacts.first.flatMap(bench.bytes))
    #expect(try JSON(parsing: Array(lines.dropLast()))["descriptive"] == ["2.003": ["text"]])
    for (set, name, text) in [
      ("001␟L1", [0xC9], "É"), ("003␟U8", [0xC3, 0x89], "É"), ("000␟A", [0xC9], "É"),
    ] {
      var file = try NistFile(parsing: NistSample.first("1␟1␞2␟00", ["15:\(set)"]) + NistSample.second)
      let isSet = file.set(3, ofRecord: 1, to: name.map { UInt8($0) })
      #expect(isSet)
      let path = try bench.lay("own/x.nst", file.bytes)
      let value = try await run(NistExtract(), bench, ["file": .string(path), "fields": ["2.003"]]).value
      #expect(value["fields"] == ["2.003": [.string(text)]], "\(set)")
      // A relative path lies below the namespace's own folder.
      #expect(try await run(NistExtract(), bench, ["file": "x.nst", "fields": ["2.003"]]).value == value)
    }
  }

  @Test("validate reports and does not fail, and fails when it is strict")
  func validate() async throws {
    let bench = try Bench()
    let good = try bench.lay("shared/good.nst", NistSample.whole)
    let value = try await run(NistValidate(), bench, ["file": .string(good), "strict": true]).value
    #expect(value["valid"] == true && value["issues"] == [] && value["errors"] == 0)
    let bad = try bench.lay("shared/bad.nst", NistSample.whole + [0])
    let report = try await run(NistValidate(), bench, ["file": .string(bad)]).value
    let issue: JSON = [
      "code": "trailing-bytes", "severity": "error", "offset": .int(Int64(NistSample.whole.count)),
      "record": 4,
      "field": .null, "message": "1 bytes follow the last record.",
    ]
    #expect(report["valid"] == false && report["issues"] == [issue] && report["errors"] == 1)
    let empty = try bench.lay("shared/empty.nst", [])
    #expect(try await run(NistValidate(), bench, ["file": .string(empty)]).value["valid"] == false)
    let found = await failure { () async throws(Failure) in
      try await run(NistValidate(), bench, ["file": .string(bad), "strict": true])
    }
    #expect(found?.errorClass == .data && found?.code == "nist-not-conformant")
  }

  @Test("extract gives the chosen images untouched, named by type and IDC")
  func extract() async throws {
    let bench = try Bench()
    let path = try bench.lay("shared/a.nst", NistSample.whole)
    func names(_ with: JSON) async throws -> [String] {
      var members = with.object ?? JSONObject()
      members["file"] = .string(path)
      let output = try await run(NistExtract(), bench, .object(members))
      #expect(output.value["count"] == .int(Int64(output.artifacts.count)))
      for (handle, image) in zip(output.artifacts, output.value["images"]?.array ?? []) {
        let bytes = try #require(bench.bytes(of: handle))
        let offset = Int(try #require(image["offset"]?.int))
        #expect(bytes == Array(NistSample.whole[offset..<offset + bytes.count]))
        #expect(image["sha256"]?.string == handle.sha256)
      }
      return output.artifacts.map(\.name)
    }
    let both = ["type-4-idc-1.raw", "type-14-idc-2.raw"]
    #expect(try await names([:]) == both)
    #expect(try await names(["types": [4, 14], "idc": [1, 2]]) == both)
    #expect(try await names(["types": [4]]) == [both[0]])
    #expect(try await names(["idc": [2]]) == [both[1]])
    #expect(try await names(["finger": [1]]) == [both[1]])
    #expect(try await names(["finger": [7, 8]]) == [both[0]])
    #expect(try await names(["fields": ["2.018"]]) == [])
    #expect(try await names(["finger": [10], "allow_none": true]) == [])
  }

  @Test("extract of the real file gives WSQ images", .enabled(if: NistSample.real != nil, NistSample.absence))
  func real() async throws {
    let bench = try Bench()
    let path = try bench.lay("shared/a.nst", try #require(NistSample.real))
    let output = try await run(NistExtract(), bench, ["file": .string(path)])
    #expect(output.artifacts.map(\.name) == ["type-4-idc-1.wsq", "type-4-idc-2.wsq", "type-14-idc-3.wsq"])
    #expect(output.artifacts.map(\.mediaType) == Array(repeating: "image/x-wsq", count: 3))
    #expect(output.artifacts.map(\.size) == [104_259, 112_517, 50_256])
    let parsed = try await run(NistParse(), bench, ["file": .string(path), "require": ["hash"]]).value
    #expect(
      parsed["transaction"]?["DOM"] == ["NORAM", "7.02"]
        && parsed["types"] == ["1": 1, "2": 1, "4": 2, "14": 1])
  }

  @Test("synthesize drops a file that conforms, and a repeat of the step changes nothing")
  func synthesize() async throws {
    let bench = try Bench()
    try FileManager.default.createDirectory(
      atPath: bench.root + "/shared/inbox", withIntermediateDirectories: true)
    for image in ["type-4", "type-14"] {
      let with: JSON = [
        "path": .string(bench.root + "/shared/inbox"), "name": .string("canary-\(image).nst"),
        "mark": "canary",
        "image": .string(image), "fields": ["2.018": "TESTE,CANÁRIO"],
      ]
      let value = try await run(NistSynthesize(), bench, with).value
      let path = try #require(value["path"]?.string)
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      #expect(SHA256.hex(bytes) == value["sha256"]?.string && NistConformance.report(on: bytes) == [])
      #expect(try await run(NistSynthesize(), bench, with, number: 2).value == value)
      #expect([UInt8](try #require(FileManager.default.contents(atPath: path))) == bytes)
      let fields = try await run(
        NistExtract(), bench, ["file": .string(path), "fields": ["2.901", "2.018", "1.009", "1.005"]]
      ).value["fields"]
      #expect(
        fields == [
          "2.901": ["canary"], "2.018": ["TESTE,CANÁRIO"], "1.009": [value["tcn"] ?? .null],
          "1.005": ["20240610"],
        ])
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.root + "/shared/inbox").sorted()
    #expect(names == ["canary-type-14.nst", "canary-type-4.nst"])
  }

  @Test("synthesize never writes over another file, and leaves nothing behind")
  func occupied() async throws {
    let bench = try Bench()
    let path = try bench.lay("shared/inbox/a.nst", [1])
    let found = await failure { () async throws(Failure) in
      try await run(
        NistSynthesize(), bench,
        ["path": .string(bench.root + "/shared/inbox"), "name": "a.nst", "mark": "m"])
    }
    #expect(found?.code == "file-exists")
    #expect(FileManager.default.contents(atPath: path) == Data([1]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/shared/inbox") == ["a.nst"])
  }
}
