import CArchive
import Engine
import Glibc
import Model

/// Which archives are made.
enum ArchiveFormat: String, CaseIterable, Sendable {
  case zip, tar
  case tarGzip = "tar.gz"
  case tarZstd = "tar.zst"

  var mediaType: String {
    switch self {
    case .zip: "application/zip"
    case .tar: "application/x-tar"
    case .tarGzip: "application/gzip"
    case .tarZstd: "application/zstd"
    }
  }
}

/// libarchive into an open file. The same entries make the same bytes: no time, owner or name of a machine
/// goes in. Blocks.
struct ArchiveWriter: ~Copyable {
  private let handle: OpaquePointer
  private static let plainFile: UInt32 = 0o100000

  /// Written for as long as this lives.
  private let file: OpenFile

  init(_ file: consuming OpenFile, _ format: ArchiveFormat) throws(Failure) {
    guard let handle = archive_write_new() else { throw .packing("no memory") }
    var results: [Int32] = []
    switch format {
    case .zip: results.append(archive_write_set_format_zip(handle))
    case .tar: results.append(archive_write_set_format_pax_restricted(handle))
    case .tarGzip:
      results.append(archive_write_set_format_pax_restricted(handle))
      results.append(archive_write_add_filter_gzip(handle))
      results.append(archive_write_set_filter_option(handle, "gzip", "timestamp", nil))
    case .tarZstd:
      results.append(archive_write_set_format_pax_restricted(handle))
      results.append(archive_write_add_filter_zstd(handle))
    }
    results.append(archive_write_set_bytes_in_last_block(handle, 1))
    results.append(archive_write_open_fd(handle, file.descriptor))
    guard results.allSatisfy({ $0 == ARCHIVE_OK }) else {
      let failure = Self.failure(handle)
      archive_write_free(handle)
      throw failure
    }
    self.handle = handle
    self.file = file
  }

  deinit { archive_write_free(handle) }

  /// Begins a plain file of exactly so many bytes.
  mutating func add(_ name: String, size: Int64) throws(Failure) {
    guard let entry = archive_entry_new() else { throw .packing("no memory") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname_utf8(entry, name)
    archive_entry_set_size(entry, size)
    archive_entry_set_filetype(entry, Self.plainFile)
    archive_entry_set_perm(entry, 0o644)
    guard archive_write_header(handle, entry) == ARCHIVE_OK else { throw Self.failure(handle) }
  }

  mutating func write(_ bytes: [UInt8], _ count: Int) throws(Failure) {
    var offset = 0
    while offset < count {
      let written = bytes[offset..<count].withUnsafeBytes {
        archive_write_data(handle, $0.baseAddress, $0.count)
      }
      guard written > 0 else { throw Self.failure(handle) }
      offset += written
    }
  }

  mutating func finish() throws(Failure) {
    guard archive_write_close(handle) == ARCHIVE_OK else { throw Self.failure(handle) }
  }

  private static func failure(_ handle: OpaquePointer) -> Failure {
    .packing(archive_error_string(handle).map { String(cString: $0) } ?? "unknown")
  }
}

extension Failure {
  fileprivate static func packing(_ reason: String) -> Failure {
    Failure(.transient, code: "file-system", "The archive could not be written: \(reason).")
  }
}
