import Foundation
import Model
import Testing

@testable import Connectors

/// A file that is refused, and what is said of it.
struct NistBroken: Sendable, CustomTestStringConvertible {
  var why: String
  var bytes: [UInt8]
  var fault: NistFault
  var offset: Int
  var record: Int
  var field: String?
  var limits = NistLimits()
  var testDescription: String { "\(fault.rawValue): \(why)" }

  private static let one = NistSample.first("1␟1␞2␟00")
  private static let text = NistSample.second

  private static func broken(
    _ why: String, _ bytes: [UInt8], _ fault: NistFault, at offset: Int, _ record: Int = 1,
    _ field: String? = nil,
    limits: NistLimits = NistLimits()
  ) -> NistBroken {
    NistBroken(
      why: why, bytes: bytes, fault: fault, offset: offset, record: record, field: field, limits: limits)
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  static let beginnings: [NistBroken] = [
    broken("no byte", [], .empty, at: 0),
    broken("a PDF", text("%PDF-1.7\n1.001:"), .notNist, at: 0),
    broken("a file that begins with Type-2", text, .notNist, at: 0, 1, "2.001"),
    broken("ends in LEN", text("1.001:23"), .truncated, at: 6, 1, "1.001"),
    broken("LEN is a word", text("1.001:abc\u{1D}"), .lengthNotNumber, at: 6, 1, "1.001"),
    broken("LEN has a space", text("1.001: 23\u{1D}"), .lengthNotNumber, at: 6, 1, "1.001"),
    broken("LEN has eleven digits", text("1.001:00000000023\u{1D}"), .lengthNotNumber, at: 6, 1, "1.001"),
    broken(
      "LEN ends within itself", text("1.001:5\u{1D}1.002:0500\u{1C}"), .lengthTooShort, at: 6, 1, "1.001"),
    broken("the last byte is missing", one.dropLast(), .lengthBeyondEnd, at: 0, 1, "1.001"),
    broken("no FS where LEN ends", text("1.001:19\u{1D}1.002:0500"), .noSeparatorAtEnd, at: 18, 1, "1.001"),
    broken("VER first", text("1.002:0500\u{1C}"), .fieldOrder, at: 0, 1, "1.002"),
    broken("no version", NistSample.tagged(1, ["3:1␟0"]), .missingField, at: 0, 1, "1.002"),
    broken("no content", NistSample.tagged(1, ["2:0500"]), .missingField, at: 0, 1, "1.003"),
    broken(
      "the content third to last", NistSample.tagged(1, ["2:0500", "4:T", "3:1␟0"]), .fieldOrder, at: 28, 1,
      "1.003"),
    broken("the content is a word", NistSample.first("none"), .contentInvalid, at: 27, 1, "1.003"),
    broken(
      "a subfield with three items", NistSample.first("1␟1␞2␟0␟0") + text, .contentInvalid, at: 31, 1, "1.003"
    ),
    broken(
      "a 2 first in the content", NistSample.first("2␟1␞2␟00") + text, .contentInvalid, at: 27, 1, "1.003"),
    broken(
      "the count is one too many", NistSample.first("1␟2␞2␟00") + text, .contentMismatch, at: 27, 1, "1.003"),
    broken("a second Type-1", NistSample.first("1␟1␞1␟00") + one, .unknownType, at: 31, 1, "1.003"),
    broken("a type 100", NistSample.first("1␟1␞100␟00") + text, .unknownType, at: 31, 1, "1.003"),
  ]

  static let records: [NistBroken] = [
    broken("the file ends before its second record", one, .contentMismatch, at: 31, 1, "1.003"),
    broken("a line end at the end", one + text + [0x0A], .trailingBytes, at: one.count + text.count, 2),
    broken(
      "another type than listed", NistSample.first("1␟1␞9␟00") + text, .contentMismatch, at: one.count, 2,
      "2.001"),
    broken(
      "another IDC", NistSample.first("1␟1␞2␟07") + text, .idcMismatch, at: one.count, 2, "2.002"),
    broken(
      "an IDC that is a word", one + NistSample.tagged(2, ["2:ab"]), .idcInvalid, at: one.count + 15, 2,
      "2.002"),
    broken("no IDC", one + NistSample.tagged(2, ["3:a"]), .missingField, at: one.count, 2, "2.002"),
    broken(
      "the IDC third", one + NistSample.tagged(2, ["3:a", "2:00"]), .fieldOrder, at: one.count + 17, 2,
      "2.002"),
    broken(
      "a field twice", one + NistSample.tagged(2, ["2:00", "3:a", "3:b"]), .repeatedField, at: one.count + 26,
      2, "2.003"),
    broken(
      "a field of Type-3 in Type-2", one + text("2.001:29\u{1D}2.002:00\u{1D}3.003:test\u{1C}"),
      .foreignField, at: one.count + 18, 2, "3.003"),
    broken("two GS", one + text("2.001:24\u{1D}2.002:00\u{1D}\u{1D}2.3:\u{1C}"), .tag, at: one.count + 18, 2),
    broken(
      "GS before FS", one + text("2.001:19\u{1D}2.002:00\u{1D}\u{1C}"), .separator, at: one.count + 18, 2),
    broken(
      "FS in a text", one + text("2.001:28\u{1D}2.002:00\u{1D}2.003:\u{1C}aa\u{1C}"),
      .separator, at: one.count + 24, 2, "2.003"),
    broken(
      "a field without a number", one + text("2.001:23\u{1D}2.002:00\u{1D}abcd\u{1C}"), .tag,
      at: one.count + 18, 2),
    broken(
      "Type-4 cut in its header", NistSample.first("1␟1␞4␟01") + NistSample.fingerprint().prefix(17),
      .truncated, at: one.count, 2),
    broken(
      "Type-4 whose LEN is below its header",
      NistSample.first("1␟1␞4␟01") + NistSample.binary(idc: 1, Array(repeating: 0, count: 20), length: 17),
      .lengthTooShort, at: one.count, 2),
    broken(
      "Type-4 cut in its image", NistSample.first("1␟1␞4␟01") + NistSample.fingerprint().dropLast(),
      .lengthBeyondEnd, at: one.count, 2),
    broken(
      "two fingerprints with one IDC",
      NistSample.first("1␟2␞4␟01␞4␟01") + NistSample.fingerprint() + NistSample.fingerprint(), .duplicateIDC,
      at: one.count + 5 + 24, 3),
    broken(
      "Type-99 without IDC", NistSample.first("1␟1␞99␟01") + NistSample.tagged(99, []), .missingField,
      at: one.count + 1, 2, "99.002"),
  ]

  static let limits: [NistBroken] = [
    broken("bytes", one + text, .limit, at: 0, limits: NistLimits(fileSize: 40)),
    broken("records", one + text, .limit, at: 27, 1, "1.003", limits: NistLimits(records: 1)),
    broken("fields", one + text, .limit, at: one.count + 9, 2, "2.002", limits: NistLimits(fields: 11)),
    broken("subfields", one + text, .limit, at: 27, 1, "1.003", limits: NistLimits(subfields: 1)),
    broken("items", one + text, .limit, at: 27, 1, "1.003", limits: NistLimits(items: 3)),
    broken("bytes of a field", one + text, .limit, at: 67, 1, "1.007", limits: NistLimits(fieldLength: 8)),
  ]
}

@Suite("A faulty file of ANSI/NIST-ITL", .timeLimit(.minutes(1)))
struct NistFaultTests {
  @Test(
    "is refused with its fault, record, field and byte",
    arguments: NistBroken.beginnings + NistBroken.records + NistBroken.limits)
  func refusal(broken: NistBroken) throws {
    let issue = try #require(NistSample.issue(of: broken.bytes, limits: broken.limits))
    #expect(issue.fault == broken.fault, "\(issue.message)")
    #expect(issue.offset == broken.offset && issue.record == broken.record, "\(issue.message)")
    #expect(issue.field == broken.field, "\(issue.message)")
    #expect(issue.sentence.hasSuffix(".") && issue.severity == .error)
    if broken.limits == NistLimits() {
      let report = NistConformance.report(on: broken.bytes)
      #expect(
        report.contains { $0.fault == broken.fault && $0.severity == .error }, "\(report.map(\.message))")
    }
  }

  @Test("has every fault of the structure in this suite, and each fault stands in docs/nist.md")
  func complete() throws {
    let structure = NistFault.allCases.prefix { $0 != .version }
    let shown = Set((NistBroken.beginnings + NistBroken.records + NistBroken.limits).map(\.fault))
    #expect(Set(structure) == shown)
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "docs/nist.md"), encoding: .utf8)
    for fault in NistFault.allCases {
      #expect(
        page.split(separator: "| `\(fault.rawValue)` |", omittingEmptySubsequences: false).count == 3,
        "\(fault)")
    }
  }

  @Test("is reported whole: what does not hinder the reading does not end the report")
  func report() {
    let bytes =
      NistSample.first("1␟4␞2␟05␞4␟01␞4␟01") + NistSample.tagged(2, ["2:00", "3:a", "3:é"])
      + NistSample.fingerprint() + NistSample.fingerprint() + [0]
    let report = NistConformance.report(on: bytes)
    let expected: Set<NistFault> = [
      .contentMismatch, .idcMismatch, .repeatedField, .characterSet, .duplicateIDC, .trailingBytes,
    ]
    #expect(Set(report.map(\.fault)) == expected)
    #expect(report.map(\.offset) == report.map(\.offset).sorted())
  }

  @Test("is reported within a bound, however much of it is wrong")
  func bound() {
    let many = Array(repeating: "3:x", count: 45_000)
    let bytes = NistSample.first("1␟1␞2␟00") + NistSample.tagged(2, ["2:00"] + many)
    let report = NistConformance.report(on: bytes)
    #expect(report.count == NistConformance.issueLimit && report.allSatisfy { $0.fault == .repeatedField })
    #expect(JSON.array(report.map(\.json)).serialized().count < FileSchema.inlineLimit)
  }

  @Test(
    "is judged by its content too",
    arguments: [
      ("2:0500", "2:0599", NistFault.version, NistIssue.Severity.warning, "1.002"),
      ("5:20260102", "5:20260230", .value, .error, "1.005"),
      ("5:20260102", "5:2026-1-2", .value, .error, "1.005"),
      ("7:DAI000000", "7:", .missingField, .error, "1.007"),
      ("8:ORI000000", "10:ORI000000", .missingField, .error, "1.008"),
      ("11:19.69", "11:19", .value, .error, "1.011"),
      ("9:TCN-1", "9:TCN-é", .characterSet, .warning, "1.009"),
      ("12:19.69", "12:19.69\u{1D}1.015:002", .characterSet, .warning, "1.015"),
      ("12:19.69", "12:19.69\u{1D}1.006:0", .value, .error, "1.006"),
    ])
  func transaction(old: String, new: String, fault: NistFault, severity: NistIssue.Severity, field: String)
    throws
  {
    let fields = [
      "2:0500", "3:1␟1␞2␟00", "4:AMN", "5:20260102", "7:DAI000000", "8:ORI000000", "9:TCN-1", "11:19.69",
      "12:19.69",
    ].map { $0 == old ? new : $0 }
    let bytes = NistSample.tagged(1, fields) + NistSample.second
    _ = try NistFile(parsing: bytes)
    let report = NistConformance.report(on: bytes)
    #expect(
      report.contains { $0.fault == fault && $0.severity == severity && $0.field == field }, "\(report)")
  }

  @Test("is judged by its images too")
  func images() throws {
    func report(_ content: String, _ record: [UInt8]) throws -> [NistFault] {
      let bytes = NistSample.first("1␟1␞" + content) + record
      _ = try NistFile(parsing: bytes)
      return NistConformance.report(on: bytes).map(\.fault)
    }
    let print = NistSample.fingerprint()
    #expect(try report("4␟01", print) == [])
    for (place, value, faults) in [
      (5, 31, []), (5, 42, []), (5, 43, [NistFault.value]), (6, 17, [.value]), (6, 255, [.value]),
      (12, 2, [.value]),
      (14, 1, [.imageSize]),
      (14, 0, [.value, .imageSize]), (17, 1, [.imageFormat]), (17, 9, [.compression]),
    ] {
      var bytes = print
      bytes[place] = UInt8(value)
      #expect(try report("4␟01", bytes) == faults, "byte \(place)")
    }
    #expect(try report("4␟01", NistSample.fingerprint(image: [])) == [.imageSize])
    let fields = ["2:02", "3:0", "4:S", "5:20260102", "13:1"]
    #expect(try report("14␟02", NistSample.tagged(14, fields)).allSatisfy { $0 == .missingField })
    #expect(try report("14␟02", NistSample.tagged(14, fields + ["18:1␟XX"])) == [])
    // What says that there is no image is another field in each type.
    let palm = ["2:02", "3:42", "4:S", "5:20260102", "13:21"]
    #expect(try report("15␟02", NistSample.tagged(15, palm + ["18:21␟XX"])) == [])
    let eye = ["2:02", "3:1", "4:S", "5:20260102", "13:RGB"]
    #expect(try report("17␟02", NistSample.tagged(17, eye + ["28:MA"])) == [])
    #expect(try report("17␟02", NistSample.tagged(17, eye + ["18:1"])).contains(.missingField))
    #expect(try report("13␟02", NistSample.tagged(13, fields + ["18:1␟XX"])).contains(.missingField))
    let wide = fields.dropLast() + ["6:0", "7:2", "8:1", "9:500", "10:500", "11:ZIP", "12:8", "13:1"]
    #expect(try report("14␟02", NistSample.tagged(14, Array(wide), image: [1])) == [.value, .compression])
  }
}
