import Foundation
import Testing

@testable import Connectors

/// Files of ANSI/NIST-ITL for tests, put together here, byte by byte, and not by the code under test.
enum NistSample {
  /// A tagged record: `fields` are `2:00`, written with `␞` for RS and `␟` for US; LEN goes before them.
  static func tagged(_ type: Int, _ fields: [String], image: [UInt8]? = nil, length: String? = nil) -> [UInt8]
  {
    var body: [UInt8] = []
    for field in fields {
      let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let number = String(repeating: "0", count: max(0, 3 - parts[0].count)) + parts[0]
      let value = parts[1].replacing("␞", with: "\u{1E}").replacing("␟", with: "\u{1F}")
      body += [0x1D] + Array("\(type).\(number):\(value)".utf8)
    }
    if let image { body += [0x1D] + Array("\(type).999:".utf8) + image }
    let head = "\(type).001:"
    let rest = head.utf8.count + body.count + 1
    let digits = (1...9).first { String(rest + $0).count == $0 } ?? 0
    return Array("\(head)\(length ?? String(rest + digits))".utf8) + body + [0x1C]
  }

  /// A binary record: LEN, IDC, and what follows.
  static func binary(idc: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = length ?? 5 + rest.count
    return [UInt8(length >> 24 & 255), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255)]
      + [UInt8(length & 255), idc] + rest
  }

  /// A Type-4 record of 2 × 3 pixels, not compressed.
  static func fingerprint(idc: UInt8 = 1, finger: UInt8 = 7, image: [UInt8] = [1, 2, 3, 4, 5, 6]) -> [UInt8] {
    binary(idc: idc, [0, finger, 255, 255, 255, 255, 255, 0, 0, 2, 0, 3, 0] + image)
  }

  static func first(_ content: String, _ more: [String] = [], length: String? = nil) -> [UInt8] {
    tagged(
      1,
      [
        "2:0500", "3:\(content)", "4:AMN", "5:20260102", "7:DAI000000", "8:ORI000000", "9:TCN-1", "11:19.69",
        "12:19.69",
      ] + more, length: length)
  }

  static let second = tagged(2, ["2:00", "3:text", "18:SILVA,ANA␞SOUZA,ANA", "22:a␟b␞c"])
  static let finger = tagged(
    14,
    [
      "2:02", "3:0", "4:SRC", "5:20260102", "6:2", "7:2", "8:1", "9:500", "10:500", "11:NONE", "12:8", "13:1",
    ], image: [0x1C, 0x1D, 0x1E, 0x1F])

  /// Types 1, 2, 4 and 14. The image of the last one is made of separators.
  static let whole = first("1␟3␞2␟00␞4␟01␞14␟02") + second + fingerprint() + finger

  /// A file of text only.
  static let text =
    String(decoding: first("1␟1␞2␟00") + second, as: UTF8.self)

  /// The one real file, from the test data of NIST; nil where it is not at hand.
  static let real: [UInt8]? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.deletingLastPathComponent().appending(path: realPath)
    return FileManager.default.contents(atPath: file.path).map { Array($0) }
  }()
  private static let realPath = "shared/data/nist/type-4-14-flats.eft"
  static let absence: Comment = "../shared/data/nist/type-4-14-flats.eft is absent"

  static func issue(of bytes: [UInt8], limits: NistLimits = NistLimits()) -> NistIssue? {
    do throws(NistIssue) {
      _ = try NistFile(parsing: bytes, limits: limits)
      return nil
    } catch { return error }
  }
}

extension Bench {
  /// Writes a file below the bench's root, such as `shared/a.nst`, and gives its path.
  func lay(_ place: String, _ bytes: [UInt8]) throws -> String {
    let path = "\(root)/\(place)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }
}

extension NistFile {
  /// Sets a field of a record of tagged fields, or adds it; the LEN follows. False, and no change, for other
  /// records, for LEN itself, and for a value that has a separator of fields or records in it.
  mutating func set(_ number: Int, ofRecord position: Int, to value: [UInt8]) -> Bool {
    guard records.indices.contains(position), case .fields(var fields) = records[position].body,
      fields.set(number, of: records[position].type, to: value)
    else { return false }
    records[position].body = .fields(fields)
    return true
  }
}
