import Engine
import Foundation
import Glibc
import Model

@testable import Connectors

extension Refused {
  static let archives: [Refused] = unpacking + packing

  private static func unsafe(
    _ why: String, _ data: Data, _ code: String = "unsafe-archive", _ with: JSON = ["path": "t", "to": "out"]
  )
    -> Refused
  {
    Refused(
      "archive.unpack", why, with, .data, code,
      prepare: { bench, with in
        try FileCases.layOut(bench)
        try data.write(to: URL(filePath: bench.root + "/own/t"))
        return with
      })
  }

  private static func two(_ names: [(String, TarMaker.Kind)]) -> Data {
    var tar = TarMaker()
    for (name, kind) in names { tar.add(name, kind == .file ? "x" : "", kind) }
    return tar.data
  }

  private static let unpacking: [Refused] = [
    Refused("archive.unpack", "no source", [:], .configuration),
    Refused("archive.unpack", "an unknown key", ["path": "t", "password": "x"]),
    unsafe("a name that begins with a slash", TarMaker.one("/etc/x")),
    unsafe("a name that leads out", TarMaker.one("a/../../x")),
    unsafe("a name with a backslash", TarMaker.one("..\\x")),
    unsafe("a name with a drive", TarMaker.one("C:x")),
    unsafe("a name with a control character", TarMaker.one("a\nb")),
    unsafe("a part of 300 bytes", longName),
    unsafe("a link", TarMaker.one("l", "", .link, link: "/etc/passwd")),
    unsafe("a link to one of its own", TarMaker.one("l", "", .link, link: "a")),
    unsafe("a hard link", TarMaker.one("l", "", .hardLink, link: "a")),
    unsafe("a device", TarMaker.one("d", "", .device)), unsafe("a pipe", TarMaker.one("p", "", .pipe)),
    unsafe("a name twice", two([("a", .file), ("a", .file)])),
    unsafe("a file where a folder is needed", two([("a", .file), ("a/b", .file)])),
    unsafe(
      "33 folders in one another",
      TarMaker.one(Array(repeating: "d", count: 33).joined(separator: "/") + "/f")),
    unsafe("an encrypted entry", encryptedZip),
    unsafe("a name of ours under way", TarMaker.one("a/.#x")),
    unsafe("a name of ours whose mark combines", TarMaker.one("a/.#\u{301}x")),
    unsafe("a tar without its end", Data(TarMaker.one("a").dropLast(1_024)), "invalid-archive"),
    unsafe("no archive", Data("just text, and long enough to look at".utf8), "invalid-archive"),
    unsafe("nothing", Data(), "invalid-archive"),
    unsafe("an archive that is cut off", cutOff, "invalid-archive"),
    unsafe("a zip whose check sum is wrong", damagedZip, "invalid-archive"),
    unsafe(
      "more entries than allowed", two([("a", .file), ("b", .file)]), "archive-limit",
      ["path": "t", "to": "out", "max_entries": 1]),
    unsafe(
      "more bytes than allowed", two([("a", .file), ("b", .file)]), "archive-limit",
      ["path": "t", "to": "out", "max_size": 1]),
    Refused(
      "archive.unpack", "12 MiB out of 12 KiB", ["path": "bomb", "to": "out"], .data, "archive-limit",
      prepare: { bench, with in
        try FileCases.layOut(bench)
        let file = try OpenFile.newOwn(bench.root + "/own/bomb")
        var writer = try ArchiveWriter(file, .zip)
        let zeros = [UInt8](repeating: 0, count: 12 << 20)
        try writer.add("zeros", size: Int64(zeros.count))
        try writer.write(zeros, zeros.count)
        try writer.finish()
        return with
      }),
    Refused(
      "archive.unpack", "a folder that is taken", ["path": "in.zip", "to": "in"], .data, "file-exists",
      prepare: { bench, with in
        try FileCases.layOut(bench)
        return with
      }),
    Refused(
      "archive.unpack", "an archive outside", ["path": "/etc/hostname", "to": "x"], .configuration,
      "outside-roots"),
    Refused(
      "archive.unpack", "a target outside", ["path": "in.zip", "to": ".."], .configuration, "outside-roots"),
    Refused(
      "archive.unpack", "a folder for reading only", ["path": "a", "to": "$ROOT/reference/x"], .configuration,
      "read-only-root", prepare: rooted),
    Refused("archive.unpack", "an archive that is not there", ["path": "no.zip"], .data, "file-not-found"),
    Refused(
      "archive.unpack", "a pattern that is open", ["path": "in.zip", "match": "["], .configuration,
      "bad-pattern"),
    Refused(
      "archive.unpack", "more than 1,000 artifacts", ["path": "t"], .outputTooLarge, "too-many-artifacts",
      prepare: { bench, with in
        try FileCases.layOut(bench)
        try two((0...1_000).map { ("f\($0)", .file) }).write(to: URL(filePath: bench.root + "/own/t"))
        return with
      }),
  ]

  private static let longName: Data = {
    // The prefix and the name of a ustar header together: more than 1,024 bytes need a pax header.
    var tar = TarMaker()
    let name = String(repeating: "n", count: 300)
    let record = "path=\(name)\n"
    let length = record.utf8.count + 4
    tar.add("pax", "\(length) \(record)", .pax)
    tar.add("short", "x")
    return tar.data
  }()

  private static let cutOff: Data = {
    var tar = TarMaker()
    tar.add("a", "x", size: 100_000)
    return tar.data
  }()

  /// A zip of one stored file `a` that holds `x`.
  private static func zip(flags: UInt8 = 0, sum: [UInt8] = [0x83, 0x16, 0xDC, 0x8C]) -> Data {
    let facts: [UInt8] = sum + [1, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    let local: [UInt8] =
      [0x50, 0x4B, 3, 4, 10, 0, flags, 0, 0, 0, 0, 0, 0x21, 0] + facts + [0, 0, 0x61, 0x78]
    let central: [UInt8] =
      [0x50, 0x4B, 1, 2, 20, 3, 10, 0, flags, 0, 0, 0, 0, 0, 0x21, 0] + facts
      + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0x61]
    let (size, start) = (UInt8(central.count), UInt8(local.count))
    let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, size, 0, 0, 0, start, 0, 0, 0, 0, 0]
    return Data(local + central + end)
  }

  private static let encryptedZip = zip(flags: 1)
  private static let damagedZip = zip(sum: [1, 2, 3, 4])

  /// A handle without an artifact: to fetch it would be another failure.
  private static func huge(_ name: String) -> JSON {
    ArtifactHandle(
      sha256: String(repeating: "0", count: 64), name: name, size: 3 << 30, mediaType: "text/plain"
    ).json
  }

  private static func packed(_ why: String, _ with: JSON, _ errorClass: ErrorClass, _ code: String) -> Refused
  {
    Refused(
      "archive.pack", why, with, errorClass, code,
      prepare: { bench, with in
        try FileCases.layOut(bench)
        let own = bench.root + "/own"
        try FileManager.default.createSymbolicLink(
          atPath: own + "/link", withDestinationPath: "/etc/hostname")
        _ = FileManager.default.createFile(atPath: own + "/huge", contents: nil)
        truncate(own + "/huge", 6 << 30)
        return rooted(bench, with)
      })
  }

  private static let packing: [Refused] = [
    packed("no source", [:], .configuration, "invalid-with"),
    Refused(
      "archive.pack", "more than 5 GiB of artifacts, by their handles",
      ["files": [huge("a"), huge("b")]], .outputTooLarge, "artifact-too-large"),
    Refused("archive.pack", "an unknown format", ["folder": "in", "format": "rar"]),
    packed("a file outside", ["files": ["../x"]], .configuration, "outside-roots"),
    packed("a folder outside", ["folder": "/etc"], .configuration, "outside-roots"),
    packed("a link", ["files": ["link"]], .data, "not-a-file"),
    packed("a folder among the files", ["files": ["in"]], .data, "not-a-file"),
    packed("a file that is not there", ["files": ["in/no"]], .data, "file-not-found"),
    packed("a folder that is a file", ["folder": "in/a.json"], .data, "not-a-folder"),
    packed(
      "the same name twice", ["files": ["in/a.json", ["file": "in.zip", "name": "a.json"]]], .data,
      "unsafe-archive"),
    packed(
      "a name that leads out", ["files": [["file": "in.zip", "name": "../a"]]], .data, "unsafe-archive"),
    packed("an absolute name", ["files": [["file": "in.zip", "name": "/a"]]], .data, "unsafe-archive"),
    packed("more than 5 GiB", ["files": ["huge"]], .outputTooLarge, "artifact-too-large"),
    packed("a pattern that is open", ["folder": "in", "match": "{a"], .configuration, "bad-pattern"),
  ]
}
