public import Model

/// What was found of one thing that is watched: a stable code with its values. Its sentence is made when
/// somebody reads it, in their language.
public struct Finding: Sendable, Hashable {
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// Nothing is wrong.
    case fine
    /// There are too few earlier jobs to compare with.
    case learning
    case noSuccess = "no-success"
    case notBegun = "not-begun"
    /// A due time has its row, and it did not start.
    case missedDue = "missed-due"
    /// A due time has no row: nobody decided over it.
    case undecidedDue = "undecided-due"
    case notFinished = "not-finished"
    case noEvent = "no-event"
    case lowVolume = "low-volume"
    case noMetric = "no-metric"
    case noCalendar = "no-calendar"
    case noPing = "no-ping"
    case failedPing = "failed-ping"
    case engineSilent = "engine-silent"
    case storeWaits = "store-waits"
    case queueUnread = "queue-unread"
    case unreadable
    case pingUnsent = "ping-unsent"
    /// Nobody watches it any more.
    case withdrawn
  }

  public var code: Code
  /// Times as RFC 3339, durations as `90s`.
  public var values: JSONObject

  public init(_ code: Code, _ values: KeyValuePairs<String, JSON?> = [:]) {
    var object = JSONObject()
    for (name, value) in values {
      if let value { object[name] = value }
    }
    (self.code, self.values) = (code, object)
  }

  public init?(_ json: JSON) {
    guard let code = json["code"]?.string.flatMap(Code.init(rawValue:)) else { return nil }
    (self.code, values) = (code, json["values"]?.object ?? JSONObject())
  }

  public var json: JSON { ["code": .string(code.rawValue), "values": .object(values)] }
}

extension Finding {
  /// One sentence for people, without the name of what it is about.
  public var text: Bilingual {
    let pause = value("paused_by").map { who in
      Bilingual(
        " (paused by \(who): \(value("paused_reason") ?? ""))",
        pt: " (pausado por \(who): \(value("paused_reason") ?? ""))")
    }
    let text = sentence
    guard let pause else { return text }
    return Bilingual(text.english + pause.english, pt: text.portuguese + pause.portuguese)
  }

  private func value(_ name: String) -> String? { values[name].map { $0.string ?? $0.text } }
  private func said(_ name: String) -> String { value(name) ?? "?" }

  private var sentence: Bilingual {
    switch code {
    case .fine: Bilingual("as expected", pt: "como esperado")
    case .learning:
      Bilingual(
        "\(said("have")) of \(said("need")) earlier jobs to compare with",
        pt: "\(said("have")) de \(said("need")) jobs anteriores para comparar")
    case .noSuccess: since("no success", "nenhum sucesso")
    case .noEvent: since("nothing came", "nada chegou")
    case .notBegun:
      Bilingual(
        "job \(said("job")) was asked for at \(said("at")) and has not begun within \(said("limit"))",
        pt: "o job \(said("job")) foi pedido em \(said("at")) e não começou em \(said("limit"))")
    case .missedDue:
      Bilingual(
        "schedule \(said("schedule")): the due time \(said("due")) did not start: \(said("reason"))",
        pt: "agendamento \(said("schedule")): o vencimento \(said("due")) não iniciou: \(said("reason"))")
    case .undecidedDue:
      Bilingual(
        "schedule \(said("schedule")): the due time \(said("due")) was due and nothing was done with it",
        pt: "agendamento \(said("schedule")): o vencimento \(said("due")) passou e nada foi feito com ele")
    case .notFinished:
      Bilingual(
        "no job had ended in success by \(said("deadline"))",
        pt: "nenhum job tinha terminado com sucesso até \(said("deadline"))")
    case .lowVolume, .noMetric: volume
    case .noCalendar:
      Bilingual(
        "the setting \(said("calendar")), its calendar, is missing or no calendar",
        pt: "a configuração \(said("calendar")), o calendário, falta ou não é um calendário")
    case .noPing, .failedPing, .pingUnsent: ping
    case .engineSilent, .storeWaits, .unreadable: node
    case .queueUnread:
      Bilingual(
        "the queue \(said("queue")) cannot be read: \(said("reason"))",
        pt: "a fila \(said("queue")) não pode ser lida: \(said("reason"))")
    case .withdrawn: Bilingual("nobody watches it any more", pt: "ninguém o vigia mais")
    }
  }

  private func since(_ english: String, _ portuguese: String) -> Bilingual {
    guard let last = value("last") else {
      return Bilingual(
        "\(english) yet; one was expected within \(said("limit")) of \(said("since"))",
        pt: "\(portuguese) ainda; esperava-se um em \(said("limit")) desde \(said("since"))")
    }
    return Bilingual(
      "\(english) since \(last); one is expected every \(said("limit"))",
      pt: "\(portuguese) desde \(last); espera-se um a cada \(said("limit"))")
  }

  private var volume: Bilingual {
    if code == .noMetric {
      return Bilingual(
        "job \(said("job")) has no number \(said("metric")) among its outputs",
        pt: "o job \(said("job")) não tem o número \(said("metric")) entre as saídas")
    }
    return Bilingual(
      "\(said("metric")) is \(said("value")) in job \(said("job")); at least \(said("minimum"))% of "
        + "\(said("baseline")) is expected (\(said("compare")) of \(said("jobs")) jobs)",
      pt: "\(said("metric")) é \(said("value")) no job \(said("job")); espera-se pelo menos "
        + "\(said("minimum"))% de \(said("baseline")) (\(said("compare")) de \(said("jobs")) jobs)")
  }

  private var ping: Bilingual {
    if code == .failedPing {
      return Bilingual(
        "it said at \(said("at")) that it failed: \(said("message"))",
        pt: "avisou em \(said("at")) que falhou: \(said("message"))")
    }
    if code == .pingUnsent {
      return Bilingual(
        "the outside watcher was last told at \(said("last")): \(said("reason"))",
        pt: "o vigia externo foi avisado pela última vez em \(said("last")): \(said("reason"))")
    }
    return since("no ping", "nenhum ping")
  }

  private var node: Bilingual {
    if code == .engineSilent {
      return Bilingual(
        "the engine has not answered since \(said("since"))",
        pt: "o motor não responde desde \(said("since"))")
    }
    if code == .storeWaits {
      return Bilingual(
        "the store cannot write: \(said("reason"))",
        pt: "o armazenamento não consegue gravar: \(said("reason"))")
    }
    return Bilingual(
      "what is watched cannot be read: \(said("reason"))",
      pt: "não foi possível ler o que é vigiado: \(said("reason"))")
  }
}

/// How one thing stands at a moment.
public struct Verdict: Sendable, Hashable {
  public var isLate: Bool
  public var finding: Finding
  /// When it is late unless something happens; of one that is late: since when it is.
  public var deadline: Timestamp?

  public init(isLate: Bool, _ finding: Finding, deadline: Timestamp? = nil) {
    (self.isLate, self.finding, self.deadline) = (isLate, finding, deadline)
  }

  static func fine(until deadline: Timestamp?) -> Verdict {
    Verdict(isLate: false, Finding(.fine), deadline: deadline)
  }
}

extension Timestamp {
  /// For people: in UTC, without what is finer than a second.
  var toSecond: String { Timestamp(microseconds: wholeSeconds * 1_000_000).rfc3339 }
}
