internal import Crypto
public import Model

/// A question as people see it.
public struct AskView: Sendable, Hashable {
  public var row: AskRow
  public var job: ID<Job>
  public var pipeline: PipelineName
  /// `OpenAsk.content` as it was asked; null where its key is gone. Whom it asks now stands in the row.
  public var content: JSON
  /// In the order in which they came; those that count no more, or never did, among them.
  public var answers: [Answer]

  public struct Answer: Sendable, Hashable {
    public var row: AskAnswerRow
    /// `{choice, form?, comment?, on_behalf_of?, shown_sha256}`; null for one that the history does not hold.
    public var content: JSON
  }
}

extension JobHistory {
  public func ask(_ id: ID<Ask>) throws(Problem) -> AskView {
    let row = try askRow(id)
    let rows: [AskAnswerRow]
    do throws(StoreError) { rows = try readModel.answers(of: id) } catch { throw .store(error) }
    return try view(row, rows)
  }

  /// Newest first, without their answers.
  public func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(Problem) -> [AskView] {
    let rows: [AskRow]
    do throws(StoreError) { rows = try readModel.asks(filter, before: before, limit: limit) } catch {
      throw .store(error)
    }
    var views: [AskView] = []
    for row in rows { views.append(try view(row, [])) }
    return views
  }

  func askRow(_ id: ID<Ask>) throws(Problem) -> AskRow {
    let row: AskRow?
    do throws(StoreError) { row = try readModel.ask(id) } catch { throw .store(error) }
    guard let row else { throw .noAsk(id.description) }
    return row
  }

  func summary(_ number: JobNumber) throws(Problem) -> JobSummary {
    let found: JobSummary?
    do throws(StoreError) { found = try readModel.job(number: number) } catch { throw .store(error) }
    guard let found else { throw .store(.unavailable("job \(number.value) has no row")) }
    return found
  }

  /// How the question ended, in the words of the refusal; a question whose job no node drives is still open.
  func closed(_ id: ID<Ask>) throws(Problem) -> Problem {
    let row = try askRow(id)
    if row.state == .open { return .notDriven(try summary(row.job).id) }
    let answers: [AskAnswerRow]
    do throws(StoreError) { answers = try readModel.answers(of: id) } catch { throw .store(error) }
    let decisive = answers.last { answer in
      answer.counts && row.decidedChoice.map { ScalarString($0) } == ScalarString(answer.choice)
        && answer.at <= row.decidedAt ?? answer.at
    }
    return .askClosed(row, by: decisive)
  }

  private func view(_ row: AskRow, _ answers: [AskAnswerRow]) throws(Problem) -> AskView {
    let summary = try summary(row.job)
    let readModel = readModel
    var loading = Loading(key: try unwrap(summary.wrappedKey), job: row.job, readModel: readModel)
    var views: [AskView.Answer] = []
    for answer in answers {
      let content = try answer.content.map { place throws(Problem) in try body(place, row.job, &loading) }
      views.append(AskView.Answer(row: answer, content: content ?? .null))
    }
    return AskView(
      row: row, job: summary.id, pipeline: summary.pipeline,
      content: try body(row.content, row.job, &loading), answers: views)
  }

  /// Null where the key does not open it: the row still says what the question was.
  private func body(
    _ place: BodyPlace, _ job: JobNumber, _ loading: inout Loading
  ) throws(Problem) -> JSON {
    var sealed: [UInt8] = []
    switch place {
    case .event(let sequence, let offset, let length):
      let event = try events(of: job, after: sequence &- 1, limit: 1).first
      guard let event, Int(offset) + Int(length) <= event.sealed.count else { return .null }
      sealed = Array(event.sealed[Int(offset)..<Int(offset) + Int(length)])
    case .row(let id):
      do throws(StoreError) { sealed = try readModel.readBody(id) ?? [] } catch { throw .store(error) }
    }
    return (try? loading.open(sealed, place)) ?? .null
  }
}
