import API
import Access
import Crypto
import Engine
import Model

/// Routes about what is held of persons. What they are asked for stays in the body: the audit has its HMAC,
/// shortened.
struct PrivacyRoutes: Sendable {
  var backend: Backend
  private var exports: ExportRoutes { ExportRoutes(backend) }

  var routes: [Route] {
    [
      .answer(PrivacyCalls.search, in: .namespace { $0.namespace }) { query, caller in
        try await search(query, caller)
      },
      .bytes(PrivacyCalls.export, in: .namespace { $0.query.namespace }) { export, caller in
        try await self.export(export.query, caller)
      },
      .answer(
        PrivacyCalls.erase, in: .namespace { $0.namespace },
        status: { $0.erasure == nil ? 200 : 201 },
        with: { request, caller in try await erase(request, caller) }),
      .answer(PrivacyCalls.erasures, in: .list { $0.namespace }) { query, caller in
        try erasures(query, caller)
      },
      .answer(PrivacyCalls.register, in: .list { $0.namespace }) { query, caller in
        try PrivacyRegister(backend).page(query, caller)
      },
    ]
  }

  private func mark(
    _ text: String, in namespace: String, _ caller: Caller
  ) async throws(Problem) -> SubjectMark? {
    guard let subject = Subject(text) else { throw Self.nobody }
    let mark = try await backend.writer().mark(of: subject, in: namespace)
    caller.note.about(mark?.short ?? "nobody", in: namespace)
    return mark
  }

  /// One page of jobs, with where the next begins.
  private struct Found {
    var jobs: [SubjectJob] = []
    var counts = SubjectCounts()
    var next: String?
  }

  private func find(
    _ query: SubjectQuery, limit: Int, _ caller: Caller
  ) async throws(Problem) -> Found {
    let bounds = try PageBounds(cursor: query.cursor, limit: nil)
    guard let mark = try await mark(query.subject, in: query.namespace, caller) else { return Found() }
    let (namespace, after) = (query.namespace, JobNumber(Int64(bounds.from)))
    return try reading { () throws(StoreError) in
      var found = Found()
      found.jobs = try backend.readModel.jobs(about: mark, in: namespace, after: after, limit: limit + 1)
      found.counts = try backend.readModel.counts(of: mark, in: namespace, erasable: false)
      if found.jobs.count > limit {
        found.jobs.removeLast()
        found.next = found.jobs.last.map { String($0.number.value) }
      }
      return found
    }
  }

  private func search(_ query: SubjectQuery, _ caller: Caller) async throws(Problem) -> SubjectPage {
    let found = try await find(query, limit: try PageBounds.limit(query.limit), caller)
    var items: [SubjectJobItem] = []
    for job in found.jobs {
      let summary = try reading { () throws(StoreError) in try backend.readModel.job(job.id) }
      // Deleted since it was found.
      guard let summary else { continue }
      items.append(SubjectJobItem(summary, job))
    }
    caller.note.after(["jobs": .int(Int64(items.count))])
    return SubjectPage(items: items, counts: SubjectCountsItem(found.counts), nextCursor: found.next)
  }

  /// Below each job's id stands what its own export holds.
  private func export(_ query: SubjectQuery, _ caller: Caller) async throws -> APIResponse {
    let found = try await find(query, limit: query.limit ?? SubjectExport.usualJobs, caller)
    var (parts, items): ([ExportPart], [SubjectJobItem]) = ([], [])
    for job in found.jobs {
      guard let summary = try reading({ () throws(StoreError) in try backend.readModel.job(job.id) }) else {
        continue
      }
      items.append(SubjectJobItem(summary, job))
      for var part in try await exports.parts(of: summary, redact: false) {
        part.name = "\(summary.id)/\(part.name)"
        parts.append(part)
      }
    }
    caller.note.after(["jobs": .array(items.map { .string($0.id) })])
    let page = SubjectPage(
      items: items, counts: SubjectCountsItem(found.counts), nextCursor: found.next)
    let list = ExportPart("subject.json", bytes: Array((page.json.prettyText + "\n").utf8))
    let now = backend.now()
    return try await exports.answer([list] + parts, folder: "subject-\(now.microseconds)", at: now)
  }

  private func erasures(_ query: ListQuery, _ caller: Caller) throws(Problem) -> Page<ErasureItem> {
    let limit = try PageBounds.limit(query.limit)
    let before = query.cursor.map { ID<Erasure>($0) }
    if case .some(nil) = before { throw PageBounds.wrongCursor(query.cursor ?? "") }
    let rows = try caller.page(
      query.namespace, limit: limit + 1, inOrder: { $0.id > $1.id },
      { (namespace) throws(Problem) in
        try reading { () throws(StoreError) in
          try backend.readModel.erasures(in: namespace, before: before ?? nil, limit: limit + 1)
        }
      })
    let shown = rows.prefix(limit)
    return Page(
      shown.map { ErasureItem($0) }, nextCursor: rows.count > limit ? shown.last?.id.description : nil)
  }
}

// Erasing.
extension PrivacyRoutes {
  private func erase(_ request: ErasureRequest, _ caller: Caller) async throws(Problem) -> ErasureAnswer {
    let node = try backend.writer()
    guard let subject = Subject(request.subject) else { throw Self.nobody }
    // They are kept for good, in the audit too.
    if subject.stands(in: request.basis) || subject.stands(in: request.reason) { throw Self.named }
    guard let mark = try await mark(request.subject, in: request.namespace, caller) else {
      return ErasureAnswer(counts: SubjectCountsItem(SubjectCounts()))
    }
    let counts = try counts(of: mark, in: request.namespace)
    if request.isDryRun {
      caller.note.after(["dry_run": true, "jobs": .int(Int64(counts.jobs))])
      return answer(counts)
    }
    guard let expected = request.expected else { throw ExpectedCount.missing(counts.jobs) }
    guard expected == counts.jobs else { throw ExpectedCount.changed(expected, counts.jobs) }
    if counts.jobs == 0 { return answer(counts) }
    caller.note.after([
      "basis": .string(request.basis), "reason": .string(request.reason), "jobs": .int(Int64(counts.jobs)),
    ])
    let erasure = try await node.erase(
      ErasureOrder(
        namespace: request.namespace, subject: mark, basis: request.basis, reason: request.reason,
        actor: caller.actor))
    let item = ErasureItem(erasure)
    caller.note.after(item.json)
    return ErasureAnswer(
      counts: SubjectCountsItem(counts), erasure: item, isCut: counts.jobs > Erasure.mostJobs)
  }

  private func answer(_ counts: SubjectCounts) -> ErasureAnswer {
    ErasureAnswer(counts: SubjectCountsItem(counts), isCut: counts.jobs > Erasure.mostJobs)
  }

  /// Of what would go, and how many jobs would stay.
  private func counts(of mark: SubjectMark, in namespace: String) throws(Problem) -> SubjectCounts {
    try reading { () throws(StoreError) in
      var counts = try backend.readModel.counts(of: mark, in: namespace, erasable: true)
      counts.held = try backend.readModel.counts(of: mark, in: namespace, erasable: false).held
      return counts
    }
  }

  /// None of these says who was asked for.
  private static let nobody = Problem(
    "subject-unusable",
    Bilingual("The subject identifies nobody.", pt: "O titular informado não identifica ninguém."),
    remedy: Bilingual(
      "Give what a marked input holds: letters or digits, at most \(Subject.longest) bytes.",
      pt: "Dê o que uma entrada marcada contém: letras ou dígitos, no máximo \(Subject.longest) bytes."))

  private static let named = Problem(
    "subject-named",
    Bilingual(
      "The basis or the reason names the person; both are kept after the erasure.",
      pt: "A base ou o motivo cita a pessoa; os dois ficam guardados depois do apagamento."),
    remedy: Bilingual(
      "Name the case in place of the person.", pt: "Cite o caso em vez da pessoa."))
}

extension SubjectCountsItem {
  init(_ counts: SubjectCounts) {
    var named: [String: Int] = [:]
    for member in counts.json.object ?? JSONObject() {
      named[member.key] = Int(clamping: member.value.int ?? 0)
    }
    self.init(named)
  }
}

extension SubjectJobItem {
  init(_ summary: JobSummary, _ job: SubjectJob) {
    self.init(
      id: summary.id.description, pipeline: summary.pipeline.description, status: summary.status.word,
      createdAt: summary.createdAt, inputs: job.inputs, isHeld: job.isHeld)
  }
}

extension ErasureItem {
  init(_ erasure: Erasure) {
    self.init(
      id: erasure.id.description, namespace: erasure.namespace, subjectHMAC: erasure.subject.short,
      basis: erasure.basis, reason: erasure.reason, by: erasure.by, at: erasure.at, doneAt: erasure.doneAt,
      counts: SubjectCountsItem(erasure.counts))
  }
}
