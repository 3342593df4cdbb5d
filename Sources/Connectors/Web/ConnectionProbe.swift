public import Engine
public import Model
public import Net

/// Goes where a connection leads, with its credential and by its rules of egress, and changes nothing there.
public struct ConnectionProbe: Sendable {
  public typealias Finding = CredentialProbe.Finding

  private let client: CurlClient
  private let brokers: Brokers
  private let now: @Sendable () -> Timestamp
  private static let timeout = Duration.seconds(20)

  public init(_ client: CurlClient, _ brokers: Brokers, now: @escaping @Sendable () -> Timestamp) {
    (self.client, self.brokers, self.now) = (client, brokers, now)
  }

  /// One finding for each place: a connection of kind `celery` leads to two, and to its workers.
  public func ask(_ connection: Connection, _ credential: Credential?, path: String?) async -> [Finding] {
    let masking = Masking(credential)
    do throws(Failure) {
      switch connection.kind {
      case "http": return [try await site(connection, credential, path)]
      case "smtp": return [try await mail(connection, credential)]
      case "redis", "amqp":
        let kind: BrokerPlace.Kind = connection.kind == "redis" ? .redis : .amqp
        return [try await broker(try BrokerPlace(connection, credential, kind: kind))]
      case "celery": return try await celery(try CeleryPlaces(connection, credential))
      case S3Store.kind:
        return [await CredentialProbe(client, now: now).store(credential, connection, bucket: path)]
      case PostgresAddress.kind: return [try await Self.database(connection, credential, now)]
      case KafkaAddress.kind: return [try await Self.cluster(connection, credential)]
      case ODBCAddress.kind: return [try await Self.source(connection, credential, now)]
      case let kind:
        let attempt = CredentialProbe.attempt([:], connection, credential, now)
        if let answer = try await ServiceProbe.ask(attempt, client) {
          return [CredentialProbe.finding(answer.shown, answer.status)]
        }
        return [Finding(passed: nil, note: "A connection of kind \(kind) cannot be tried from here.")]
      }
    } catch {
      return [Finding(passed: false, note: masking(error).message)]
    }
  }

  private func site(
    _ connection: Connection, _ credential: Credential?, _ path: String?
  ) async throws(Failure) -> Finding {
    let with = JSONObject(path.map { [("path", .string($0))] } ?? [])
    var call = try WebCall(
      CredentialProbe.attempt(.object(with), connection, credential), method: "GET")
    // A redirect could lead the credential to somebody else, and its answer would be another's.
    (call.request.totalTimeout, call.request.maxRedirects) = (Self.timeout, 0)
    let status = try await call.perform(client, into: { _ in }).status
    let answered = "\(call.shown) answered \(status)"
    switch status {
    case 401, 403:
      return credential == nil
        ? Finding(passed: nil, note: "\(answered): it wants a credential.")
        : Finding(passed: false, note: "\(answered): the credential was refused.")
    case ..<500: return Finding(passed: true, note: "\(answered).")
    case _: return Finding(passed: nil, note: "\(answered): it is there, and not well.")
    }
  }

  /// Signs in and asks for the version.
  static func database(
    _ connection: Connection, _ credential: Credential?, _ now: @escaping @Sendable () -> Timestamp
  ) async throws(Failure) -> Finding {
    let attempt = CredentialProbe.attempt([:], connection, credential, now)
    let place = try PostgresAddress.place(attempt, writing: false)
    let question = PostgresQuery.Call(
      sql: "SELECT current_setting('server_version') AS version", parameters: SQLParameters(nil), max: 1)
    let found = try await PostgresWork.run(attempt, writing: false, timeout: timeout) {
      connection throws(Failure) in
      try PostgresQuery.rows(question, connection)
    }
    let version = found.rows.first?["version"]?.string ?? ""
    return Finding(passed: true, note: "\(place) answered and took the login: PostgreSQL \(version).")
  }

  /// Signs in and asks which database it is.
  static func source(
    _ connection: Connection, _ credential: Credential?, _ now: @escaping @Sendable () -> Timestamp
  ) async throws(Failure) -> Finding {
    let attempt = CredentialProbe.attempt([:], connection, credential, now)
    let place = try ODBCAddress.place(attempt, writing: false)
    let product = try await ODBCWork.run(attempt, writing: false, timeout: timeout) {
      connection throws(Failure) in connection.product
    }
    return Finding(passed: true, note: "\(place) answered and took the login: \(product).")
  }

  /// Asks for the brokers of the cluster, which wants the login first.
  static func cluster(_ connection: Connection, _ credential: Credential?) async throws(Failure) -> Finding {
    let place = try KafkaAddress.place(connection, credential)
    let producer: KafkaProducer
    do throws(NetError) { producer = try KafkaProducer() } catch {
      throw Failure(.transient, code: "interrupted", "\(error)")
    }
    let found: Result<Int, KafkaFault>
    do throws(KafkaFault) { found = .success(try await producer.check(place, within: timeout)) } catch {
      found = .failure(error)
    }
    await producer.close()
    do throws(KafkaFault) {
      let login = place.user == nil ? "" : " and took the login"
      return Finding(passed: true, note: "\(place) answered\(login): brokers: \(try found.get()).")
    } catch { throw Failure(error, at: place) }
  }

  private func mail(
    _ connection: Connection, _ credential: Credential?
  ) async throws(Failure) -> Finding {
    var server = try MailPlace(connection, credential).server
    server.timeout = Self.timeout
    do throws(MailFault) { try await server.check() } catch { throw Failure(error, isRepeatable: true) }
    let login = server.login == nil ? "" : " and took the login"
    return Finding(passed: true, note: "\(server.host):\(server.port) answered\(login).")
  }

  /// With a connection of its own, so that what is told is how it is now.
  private func broker(_ place: BrokerPlace) async throws(Failure) -> Finding {
    let loop: BrokerLoop
    do throws(NetError) { loop = try brokers.loop() } catch {
      throw Failure(error, at: place, isRepeatable: true)
    }
    switch place.kind {
    case .redis:
      let client = RedisClient(place, on: loop)
      do throws(RedisError) { try await client.check() } catch {
        await client.close()
        throw Failure(error, at: place)
      }
      await client.close()
    case .amqp:
      let client = AMQPClient(place, on: loop)
      do throws(AMQPError) { try await client.check() } catch {
        await client.close()
        throw Failure(.credential, code: "amqp-refused", "\(place): \(error)")
      }
      await client.close()
    }
    let login = place.username == nil ? "" : " and took the login"
    return Finding(passed: true, note: "\(place) answered\(login).")
  }

  private func celery(_ places: CeleryPlaces) async throws(Failure) -> [Finding] {
    var findings = [try await broker(places.broker)]
    if case .redis(let results) = places.results, results != places.broker {
      findings.append(try await broker(results))
    }
    let loop: BrokerLoop
    do throws(NetError) { loop = try brokers.loop() } catch {
      throw Failure(error, at: places.broker, isRepeatable: true)
    }
    return findings + [try await CeleryPing(places.broker, on: loop).ask().finding]
  }
}
