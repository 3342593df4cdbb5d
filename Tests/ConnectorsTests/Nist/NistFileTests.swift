import Foundation
import Model
import Testing

@testable import Connectors

@Suite("A file of ANSI/NIST-ITL", .timeLimit(.minutes(1)))
struct NistFileTests {
  @Test(
    "of NIST's own test data is read and written back byte for byte",
    .enabled(if: NistSample.real != nil, NistSample.absence))
  func real() throws {
    let bytes = try #require(NistSample.real)
    let file = try NistFile(parsing: bytes)
    #expect(file.bytes == bytes)
    #expect(file.records.map(\.type) == [1, 2, 4, 4, 14])
    #expect(file.records.map(\.idc) == [nil, 0, 1, 2, 3])
    #expect(file.records.map(\.offset) == [0, 231, 288, 104_565, 217_100])
    #expect(file.images.map(\.fingers) == [[14], [13], [15]])
    #expect(file.images.map(\.compression) == [.wsq, .wsq, .wsq])
    #expect(
      file.images.map(\.width) == [1_608, 1_572, 804] && file.images.map(\.height) == [1_000, 1_000, 1_000])
    for image in file.images {
      #expect(image.data.starts(with: [0xFF, 0xA0]) && image.data.suffix(2) == [0xFF, 0xA1])
    }
    #expect(NistConformance.report(on: bytes) == [])
  }

  @Test("has its parts where its bytes are, and an image of separators is an image")
  func parts() throws {
    let file = try NistFile(parsing: NistSample.whole)
    #expect(file.bytes == NistSample.whole)
    let fields = try #require(file.records[1].fields)
    #expect(
      fields[18]?.subfields.map { $0.map { String(decoding: $0, as: UTF8.self) } } == [
        ["SILVA,ANA"], ["SOUZA,ANA"],
      ])
    #expect(fields[22]?.subfields.map(\.count) == [2, 1])
    let images = file.images
    #expect(images.map { Array($0.data) } == [[1, 2, 3, 4, 5, 6], [0x1C, 0x1D, 0x1E, 0x1F]])
    for image in images { #expect(Array(NistSample.whole[image.data.indices]) == Array(image.data)) }
    #expect(NistConformance.report(on: NistSample.whole) == [])
  }

  @Test("keeps what has no meaning: tags of two digits, zeros before LEN, empty fields, odd order")
  func spelling() throws {
    let start = "1.01:0000000067\u{1D}1.02:0300\u{1D}1.03:1\u{1F}1\u{1E}2\u{1F}0"
    let first = Array((start + "\u{1D}1.08:ORI\u{1D}1.04:\u{1D}001.000010:x\u{1C}").utf8)
    let bytes = first + NistSample.tagged(2, ["2:000", "7:b", "3:a"])
    #expect(first.count == 67)
    let file = try NistFile(parsing: bytes)
    #expect(file.bytes == bytes)
    #expect(file.transaction.fields.map(\.number) == [1, 2, 3, 8, 4, 10])
  }

  @Test("keeps records that it does not look into")
  func opaque() throws {
    let photo = NistSample.tagged(16, ["2:03", "3:x"], image: [0x1C, 0xFF, 0x1D])
    let bytes =
      NistSample.first("1␟5␞7␟01␞8␟02␞16␟03␞18␟04␞99␟05") + NistSample.binary(idc: 1, [9, 9])
      + NistSample.binary(idc: 2, []) + photo + NistSample.tagged(18, ["2:04"])
      + NistSample.tagged(99, ["2:05", "100:z"])
    let file = try NistFile(parsing: bytes)
    #expect(file.bytes == bytes)
    #expect(file.records.map(\.type) == [1, 7, 8, 16, 18, 99])
    #expect(file.records[3].body == .opaque(photo[...]))
    #expect(file.images == [])
  }

  @Test("has every LEN right after a change, whatever its digits")
  func change() throws {
    let original = try NistFile(parsing: NistSample.whole)
    for count in [1, 2, 4, 40, 49, 50, 51, 52, 53, 900, 940, 945, 946, 947, 948, 949, 950, 10_000] {
      var file = original
      let isLonger = file.set(18, ofRecord: 1, to: Array(repeating: UInt8(ascii: "x"), count: count))
      #expect(isLonger)
      let isNew = file.set(19, ofRecord: 1, to: Array("new".utf8))
      #expect(isNew)
      let again = try NistFile(parsing: file.bytes)
      #expect(again.records[1].fields == file.records[1].fields)
      #expect(again.records[1].fields?.fields.map(\.number) == [1, 2, 3, 18, 19, 22])
      #expect(again.images.map { Array($0.data) } == original.images.map { Array($0.data) })
    }
    var file = original
    let hasImage = file.set(999, ofRecord: 3, to: [0x1C, 0x1D])
    #expect(hasImage)
    #expect(try Array(NistFile(parsing: file.bytes).images[1].data) == [0x1C, 0x1D])
    for (number, record, value) in [(1, 1, "9"), (3, 2, "x"), (3, 9, "x"), (3, 1, "a\u{1D}"), (3, 1, "")] {
      let isTaken = file.set(number, ofRecord: record, to: Array(value.utf8))
      #expect(!isTaken, "\(number) of \(record)")
    }
  }

  @Test("keeps the width of a LEN that was padded with zeros")
  func padding() throws {
    let second = NistSample.tagged(2, ["2:00", "3:text"])
    let padded = Array("2.001:00000035\u{1D}2.002:00\u{1D}2.003:text\u{1C}".utf8)
    #expect(second.count == 29 && padded.count == 35)
    var file = try NistFile(parsing: NistSample.first("1␟1␞2␟00") + padded)
    let isWider = file.set(3, ofRecord: 1, to: Array("longer".utf8))
    #expect(isWider)
    #expect(file.records[1].fields?.fields[0].value.elementsEqual("00000037".utf8) == true)
    #expect(try NistFile(parsing: file.bytes).bytes == file.bytes)
  }

  @Test("has images of every kind, with the media type of their compression")
  func kinds() throws {
    #expect(
      (0...7).map { NistCompression(code: $0).mediaType } == [
        "application/octet-stream", "image/x-wsq", "image/jpeg", "image/jpeg", "image/jp2", "image/jp2",
        "image/png", "application/octet-stream",
      ])
    for code in 0...6 {
      #expect(NistCompression(word: NistCompression(code: code).word) == NistCompression(code: code))
    }
    let face = NistSample.tagged(
      10, ["2:01", "3:FACE", "4:S", "5:20260102", "6:2", "7:1", "8:1", "9:1", "10:1", "11:PNG", "12:SRGB"],
      image: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    let file = try NistFile(parsing: NistSample.first("1␟1␞10␟01") + face)
    #expect(file.images.map(\.kind) == ["FACE"] && file.images.map(\.fingers) == [[]])
    #expect(file.images.map(\.compression.ending) == ["png"])
  }

  @Test("of the canary conforms in every form, and is the same for the same step")
  func canary() throws {
    for isTagged in [false, true] {
      var canary = NistCanary(
        mark: "m", stepKey: "k", day: .init(year: 2026, month: 1, day: 2), isTagged: isTagged)
      canary.fields = [(18, "TESTE"), (905, "x")]
      let bytes = canary.file.bytes
      #expect(canary.file.bytes == bytes)
      #expect(NistConformance.report(on: bytes) == [])
      let file = try NistFile(parsing: bytes)
      #expect(file.bytes == bytes)
      #expect(file.records[1].fields?.fields.map(\.number) == [1, 2, 18, 900, 901, 902, 905])
      #expect(file.images.map(\.data.count) == [1_024])
    }
  }
}
