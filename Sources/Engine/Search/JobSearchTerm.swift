internal import Model

/// What the words of a term mean.
extension JobSearchReader.Raw {
  func term(now: Timestamp, me: [String]) throws(JobSearch.Fault) -> JobTerm {
    JobTerm(try test(now, me), isNegated: isNegated)
  }

  private func test(_ now: Timestamp, _ me: [String]) throws(JobSearch.Fault) -> JobTerm.Test {
    guard let key else { return .text(values[0].text) }
    if let empty = values.first(where: { $0.text.isEmpty }), key != "tag", key != "label" {
      throw JobSearch.Fault(
        empty.offset, Bilingual("A value is missing behind \(key):.", pt: "Falta um valor depois de \(key):.")
      )
    }
    if let column = JobTerm.Column(rawValue: key) { return .column(column, patterns(of: column, me)) }
    switch key {
    case "status": return try status()
    case "tag", "label": return try label()
    case "error": return .error(values.map(\.text))
    case "duration": return try duration(now)
    case "since": return .since(try moment(now))
    case "until": return .until(try moment(now))
    case _: throw unknown(key)
    }
  }

  private func patterns(of column: JobTerm.Column, _ me: [String]) -> [TextPattern] {
    values.flatMap { value -> [TextPattern] in
      guard column == .owner || column == .actor, value.pattern.exact == "me" else { return [value.pattern] }
      return me.map { TextPattern(exactly: $0) }
    }
  }

  private func status() throws(JobSearch.Fault) -> JobTerm.Test {
    var (statuses, retrying): ([JobStatus], Bool) = ([], false)
    for value in values {
      if value.text == "retrying" {
        retrying = true
      } else if let status = JobStatus(word: value.text) {
        statuses.append(status)
      } else {
        let words = (JobStatus.allCases.map(\.word) + ["retrying"]).joined(separator: ", ")
        throw JobSearch.Fault(
          value.offset,
          Bilingual(
            "No job has the status \"\(value.text)\"; there are: \(words).",
            pt: "Nenhum job tem o status \"\(value.text)\"; existem: \(words)."))
      }
    }
    return .status(statuses, retrying: retrying)
  }

  /// `tag:name=value`; more values may follow. `tag:name`: with any value.
  private func label() throws(JobSearch.Fault) -> JobTerm.Test {
    let first = values[0]
    let halves = first.parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = halves.first, !name.isEmpty, halves.count == 2 || first.parts.count == 1 else {
      throw JobSearch.Fault(
        first.offset, Bilingual("A label's name is missing here.", pt: "Aqui falta o nome de um rótulo."))
    }
    guard halves.count == 2 else {
      guard values.count == 1 else {
        throw JobSearch.Fault(
          first.offset, Bilingual("Write tag:name=value.", pt: "Escreva tag:nome=valor."))
      }
      return .label(String(name), [TextPattern(parts: ["", ""])])
    }
    let pattern = TextPattern(parts: [String(halves[1])] + first.parts.dropFirst())
    return .label(String(name), [pattern] + values.dropFirst().map(\.pattern))
  }

  private func duration(_ now: Timestamp) throws(JobSearch.Fault) -> JobTerm.Test {
    let value = try single()
    // The longer signs first: `>=5m` begins with `>`, too.
    let signs = JobTerm.Comparison.allCases.sorted { $0.rawValue.utf8.count > $1.rawValue.utf8.count }
    guard let sign = signs.first(where: { value.text.hasPrefix($0.rawValue) }),
      let duration = Duration(text: String(value.text.dropFirst(sign.rawValue.count))), duration >= .zero
    else {
      throw JobSearch.Fault(
        value.offset,
        Bilingual(
          "\"\(value.text)\" is no duration with a sign, such as >5m or <=1h30m.",
          pt: "\"\(value.text)\" não é uma duração com um sinal, como >5m ou <=1h30m."))
    }
    return .duration(sign, duration, now: now)
  }

  /// A moment, a day (UTC) or how long ago.
  private func moment(_ now: Timestamp) throws(JobSearch.Fault) -> Timestamp {
    let value = try single()
    if let moment = Timestamp(rfc3339: value.text) ?? Timestamp(rfc3339: value.text + "T00:00:00Z") {
      return moment
    }
    guard let ago = Duration(text: value.text), ago >= .zero, ago <= Self.longestAgo else {
      throw JobSearch.Fault(
        value.offset,
        Bilingual(
          "\"\(value.text)\" is neither a moment nor how long ago, such as 24h, 2026-11-20 or "
            + "2026-11-20T09:00:00Z.",
          pt:
            "\"\(value.text)\" não é uma hora nem há quanto tempo, como 24h, 2026-11-20 ou "
            + "2026-11-20T09:00:00Z."
        ))
    }
    return now + (.zero - ago)
  }

  private static let longestAgo = Duration.seconds(100 * 366 * 86_400)

  private func single() throws(JobSearch.Fault) -> JobSearchReader.Value {
    guard values.count == 1 else {
      throw JobSearch.Fault(
        values[1].offset, Bilingual("Only one value may stand here.", pt: "Aqui só cabe um valor."))
    }
    return values[0]
  }

  private func unknown(_ key: String) -> JobSearch.Fault {
    let words = JobSearch.keys.joined(separator: ", ")
    return JobSearch.Fault(
      isNegated ? offset + 1 : offset,
      Bilingual(
        "There is no \(key): to search by; there are: \(words).",
        pt: "Não há \(key): para buscar; há: \(words)."))
  }
}
