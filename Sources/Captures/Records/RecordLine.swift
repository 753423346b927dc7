import Foundation
import TokenProcess

/// A record as a line of a native capture: JSON with keys in alphabetical order.
struct RecordLine {
  let bytes: [UInt8]

  init(_ record: Record) {
    typealias Field = RecordField
    let alternatives = record.topLogProbabilities.map { lists in lists.reduce(0) { $0 + $1.count } } ?? 0
    var line = JSONObjectWriter(capacity: 64 + 48 * record.tokenLogProbabilities.count + 28 * alternatives)
    func name(_ field: Field) -> String { field.rawValue }
    let isLongPass = record.place?.isLongPass == true
    line.add(name(.document), record.place?.document)
    line.add(name(.documentTokens), record.place?.documentTokens)
    line.add(name(.embeddingFull), record.embeddingFull)
    line.add(name(.embeddingPrefix), record.embeddingPrefix)
    line.add(name(.epoch), record.epoch)
    line.add(name(.generations), record.generations)
    line.add(name(.greedyTokenIDs), record.greedyTokenIDs)
    line.add(name(.id), record.id)
    line.add(name(.logProbabilityMeans), record.logProbabilityMeans)
    line.add(name(.logProbabilityDeviations), record.logProbabilityDeviations)
    line.add(name(.near), objects: record.near) { object, bounds in
      object.add("distance", bounds.distance.rawValue)
      object.add("e", bounds.limit)
      if let estimate = bounds.estimate {
        object.add("estimate", [estimate.probability, estimate.lower, estimate.upper, Double(estimate.draws)])
      }
      object.add("log_lower", bounds.logLower)
      object.add("log_upper", bounds.logUpper)
      object.add("min_p", bounds.decoding.minP)
      object.add("n", bounds.length)
      object.add("requests", bounds.requests)
      object.add("strings", objects: bounds.found) { object, found in
        object.add("logprob", found.logProbability)
        object.add("token_ids", found.tokenIDs)
      }
      if bounds.decoding.temperature != 1 { object.add("temperature", bounds.decoding.temperature) }
      object.add("top_k", bounds.decoding.topK)
      object.add("top_p", bounds.decoding.topP)
    }
    line.add(name(.prefix), record.prefix)
    line.add(name(.prefixID), record.prefixID)
    line.add(name(.prefixTokenIDs), record.prefixTokenIDs)
    line.add(name(.ranks), record.ranks)
    line.add(name(.reference), record.reference)
    line.add(name(.referenceTokenIDs), isLongPass ? nil : record.referenceTokenIDs)
    line.add(name(.repetitions), record.repetitions)
    line.add(name(.run), record.run)
    line.add(name(.source), record.source)
    line.add(name(.split), record.split)
    line.add(name(.start), record.place?.start)
    line.add(name(.passTokenIDs), isLongPass ? record.referenceTokenIDs : nil)
    line.add(name(.tokenLogProbabilities), record.tokenLogProbabilities)
    line.add(name(.tokenOffsets), record.place?.tokenOffsets)
    line.add(name(.topLogProbabilities), record.topLogProbabilities) { ($0.tokenID, $0.logProbability) }
    line.add(name(.trainLoss), record.trainLoss)
    line.add(name(.vocabularySize), record.vocabularySize)
    bytes = line.finished()
  }
}

/// The record of a line of a capture.
///
/// - Throws: `RecordError`, or what is wrong with the line's JSON.
package func captureRecord(_ line: Data) throws -> Record {
  var parser = RecordParser()
  var record = try parser.record(line)
  try record.validate()
  return record
}
