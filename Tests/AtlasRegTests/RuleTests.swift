import Glibc
import Testing

@testable import Connectors

private func values(_ text: String, _ kind: RegulatoryEntity.Kind) -> [RegulatoryEntity.Value] {
  RegulatoryExtraction(text: text).entities.filter { $0.type == kind }.map(\.value)
}

@Suite("A CNPJ", .timeLimit(.minutes(1)))
struct CNPJTests {
  @Test(
    "is found in each of its forms",
    arguments: [
      ("12.345.678/0001-95", "12345678000195"), ("12345678/0001-95", "12345678000195"),
      ("12345678000195", "12345678000195"), ("12.ABC.345/01DE-35", "12ABC34501DE35"),
      ("CNPJ 12ABC34501DE35", "12ABC34501DE35"), ("(CNPJ/MF nº 12.345.678/0001-95).", "12345678000195"),
    ])
  func forms(text: String, cnpj: String) { #expect(values(text, .cnpj) == [.cnpj(cnpj)]) }

  @Test(
    "is not seen in what only looks like one",
    arguments: [
      "12.345.678/0001-96", "12.345.678/0001-85", "12345678000196", "00.000.000/0000-00", "11111111111111",
      "112.345.678/0001-95", "12.345.678/0001-951", "x12345678000195", "12ABC34501DE35", "5511987654321",
      "12.345.678/0000-0", "12.abc.345/01de-35", "12345678000195.5", "12 345 678 0001 95",
    ])
  func others(text: String) { #expect(values(text, .cnpj).isEmpty) }

  @Test("is refused for every wrong pair of check digits")
  func checkDigits() {
    let right = (0..<100).filter { digits in
      CNPJ("123456780001\(digits < 10 ? "0" : "")\(digits)".utf8) != nil
    }
    #expect(right == [95])
    #expect(CNPJ("12345678000195".utf8)?.formatted == "12.345.678/0001-95")
  }
}

@Suite("An amount in reais", .timeLimit(.minutes(1)))
struct MoneyTests {
  @Test(
    "is read to the hundredth",
    arguments: [
      ("R$ 1.234.567,89", 123_456_789), ("R$1.234,5", 123_450), ("R$ 2,5 milhões", 250_000_000),
      ("R$ 300 mil", 30_000_000), ("R$ 1,2 bilhão", 120_000_000_000), ("R$ 1 trilhão", 100_000_000_000_000),
      ("R$ 2.5 milhões", 250_000_000), ("R$\u{A0}48250,75", 4_825_075), ("R$ 7", 700), ("R$ 0,125", 13),
      ("R$ 500. A empresa", 50_000), ("1,5 milhão de reais", 150_000_000), ("80 reais", 8_000),
      ("R$ 1,2 bi", 120_000_000_000), ("R$ 3 MILHÕES", 300_000_000),
    ])
  func amounts(text: String, cents: Int64) {
    #expect(values(text, .money) == [.money(cents: cents, upTo: nil)])
  }

  @Test(
    "may be a range",
    arguments: [
      ("de R$ 2 a 3 milhões", 200_000_000, 300_000_000), ("R$ 300 mil a R$ 500 mil", 30_000_000, 50_000_000),
      ("entre R$ 1 milhão e R$ 2 milhões", 100_000_000, 200_000_000),
      ("R$ 10 até R$ 20 mil", 1_000_000, 2_000_000), ("R$ 5–7 milhões", 500_000_000, 700_000_000),
    ])
  func ranges(text: String, low: Int64, high: Int64) {
    #expect(values(text, .money) == [.money(cents: low, upTo: high)])
  }

  @Test("beside another stays two amounts")
  func lists() {
    #expect(
      values("R$ 1 milhão e R$ 2 milhões", .money)
        == [.money(cents: 100_000_000, upTo: nil), .money(cents: 200_000_000, upTo: nil)])
    #expect(values("R$ 500 mil a 2 mil clientes", .money) == [.money(cents: 50_000_000, upTo: nil)])
  }

  @Test(
    "is not seen in other currencies, counts and numbers without measure",
    arguments: [
      "US$ 5 milhões", "CR$ 100", "R$ muito", "2 milhões de clientes", "€ 300", "9 reals", "1.234.567,89",
      "R$ 99999999999999999999", "R$",
    ])
  func others(text: String) { #expect(values(text, .money).isEmpty) }
}

@Suite("A date", .timeLimit(.minutes(1)))
struct DateTests {
  @Test(
    "is found in each of its forms",
    arguments: [
      ("12/03/2026", "2026-03-12"), ("1/2/2026", "2026-02-01"), ("12 de março de 2026", "2026-03-12"),
      ("1º de abril de 2026", "2026-04-01"), ("2026-03-12T10:00:00Z", "2026-03-12"),
      ("29/02/2024", "2024-02-29"),
      ("5 DE MARCO DE 1999", "1999-03-05"), ("em 12/03/2026.", "2026-03-12"),
    ])
  func forms(text: String, date: String) { #expect(values(text, .date) == [.date(date)]) }

  @Test(
    "is not seen where there is no such day, or no whole one",
    arguments: [
      "31/02/2026", "29/02/2026", "00/01/2026", "12/13/2026", "março de 2026", "12/03/26", "12/03/2026/1",
      "2026-02-30", "32 de maio de 2026", "45/2025-SFE", "1.12/03/2026",
    ])
  func others(text: String) { #expect(values(text, .date).isEmpty) }
}

@Suite("A text", .timeLimit(.minutes(1)))
struct ExtractionTests {
  @Test("has offsets in scalars, whatever stands before")
  func offsets() throws {
    let text = "🇧🇷 e\u{301} à Ação S.A. pagou R$ 10,00"
    let scalars = Array(text.unicodeScalars)
    let found = RegulatoryExtraction(text: text)
    #expect(found.entities.map(\.text) == ["Ação S.A.", "R$ 10,00"])
    for entity in found.entities { #expect(string(scalars[entity.range]) == entity.text) }
  }

  @Test("gives its event the company, amount, date and CNPJ of the deciding sentence")
  func event() throws {
    let event = RegulatoryExtraction(
      text: """
        Boletim de 01/02/2026. A Alfa Luz S.A. (CNPJ 33.445.566/0001-86) publicou nota sobre R$ 5 milhões. \
        Em 03/02/2026 a Aneel aplicou multa de R$ 7 mil à Beta Luz S.A., CNPJ 12.345.678/0001-95.
        """
    ).event
    #expect(event.type == .fine)
    #expect(event.company?.text == "Beta Luz S.A.")
    #expect(event.cnpj?.value == .cnpj("12345678000195"))
    #expect(event.amount?.value == .money(cents: 700_000, upTo: nil))
    #expect(event.date?.value == .date("2026-02-03"))
  }

  @Test("beyond 1 MiB is cut, and says so")
  func bounded() {
    let found = RegulatoryExtraction(text: String(repeating: "á", count: 1 << 19) + " R$ 10,00")
    #expect(found.isTruncated)
    #expect(found.entities.isEmpty)
    #expect(!RegulatoryExtraction(text: String(repeating: "a", count: 1 << 20)).isTruncated)
  }

  @Test(
    "made to be slow is read in linear time",
    arguments: [
      "R$ ", "1.", "R$ 1.234.567,89 a ", "S.A. ", "Alfa ", "Alfa de ", "e ", "1", "12.345.678/0001-", " ",
      "\n \n",
      "multa ", "de ", "A, B e ", "Companhia ", "1 de ", "\u{301}", "nao multa em caso de ", ". A",
    ])
  func linear(piece: String) {
    // Of the processor: what else the machine does is not in it.
    func time(_ count: Int) -> Duration {
      let text = String(repeating: piece, count: count / piece.utf8.count)
      let began = Self.threadTime()
      _ = RegulatoryExtraction(text: text)
      return Self.threadTime() - began
    }
    _ = time(1 << 12)
    let (short, long) = ((0..<3).map { _ in time(1 << 14) }.min()!, time(1 << 18))
    // Sixteen times the text; four times as much again is left to caches.
    #expect(long < short * 64 + .milliseconds(200), "\(short) for 16 KiB, \(long) for 256 KiB")
  }

  private static func threadTime() -> Duration {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
  }

  @Test("never overlaps two entities, and is the same each time")
  func order() throws {
    for text in try LabelledText.all() {
      let found = RegulatoryExtraction(text: text.text)
      for (left, right) in zip(found.entities, found.entities.dropFirst()) {
        #expect(left.range.upperBound <= right.range.lowerBound)
      }
      #expect(found == RegulatoryExtraction(text: text.text))
    }
  }
}
