internal import Model

extension JobState {
  /// Of a step in a queue, or with an empty path of the job itself. Without a node that drives the job nobody
  /// stands in a queue, so nothing more is known.
  func queuedBlocker(_ path: String, since: Timestamp?, _ wait: Wait?) -> Blocker {
    let (who, quem) = path.isEmpty ? ("The job", "O job") : (path, path)
    guard let wait else {
      return Blocker(
        kind: "queued", path: path,
        text: Bilingual("\(who) waits for its turn", pt: "\(quem) espera a sua vez"), since: since,
        until: nil,
        remedy: nil)
    }
    let place = wait.place
    let text: Bilingual
    switch wait.standing.kind {
    case .place:
      text = Bilingual(
        "\(who) waits for a free slot of this node\(place.english)",
        pt: "\(quem) espera uma vaga neste nó\(place.portuguese)")
    case .slot:
      let (limit, key) = (wait.standing.limit, wait.standing.key)
      let holders = wait.holders.isEmpty ? "" : wait.holders.joined(separator: ", ")
      let (by, por) = holders.isEmpty ? ("", "") : (", held by \(holders)", ", ocupado por \(holders)")
      text = Bilingual(
        "\(who) waits for the limit \(key), \(limit) at once\(by)\(place.english)\(late.0(wait))",
        pt: "\(quem) espera o limite \(key), \(limit) por vez\(por)\(place.portuguese)\(late.1(wait))")
    case .rate:
      let (limit, key) = (wait.standing.limit, wait.standing.key)
      let per = wait.standing.per?.text ?? ""
      text = Bilingual(
        "\(who) waits for the rate \(key), \(limit) in \(per)\(place.english)",
        pt: "\(quem) espera o ritmo \(key), \(limit) a cada \(per)\(place.portuguese)")
    }
    return Blocker(
      kind: wait.standing.kind.word, path: path, text: text, since: since, until: wait.standing.until,
      remedy: wait.overdue.map {
        Bilingual(
          "End it with: esteira job kill \($0) --reason TEXT",
          pt: "Encerre com: esteira job kill \($0) --reason TEXTO")
      })
  }

  private var late: ((Wait) -> String, (Wait) -> String) {
    (
      { $0.overdue.map { "; \($0) was cancelled and has not ended in its time" } ?? "" },
      { $0.overdue.map { "; \($0) foi cancelado e não terminou no prazo" } ?? "" }
    )
  }
}

extension Wait {
  fileprivate var place: Bilingual {
    guard let position = standing.position else {
      let shown = Governors.shownPositions
      return Bilingual("; more than \(shown) come first", pt: "; mais de \(shown) vêm antes")
    }
    let all = standing.waiting
    return Bilingual(
      "; place \(position) of \(all) in the queue", pt: "; lugar \(position) de \(all) na fila")
  }
}

extension Standing.Kind {
  /// The kind of the blocker.
  fileprivate var word: String {
    switch self {
    case .place: "queued"
    case .slot: "limit"
    case .rate: "rate"
    }
  }
}
