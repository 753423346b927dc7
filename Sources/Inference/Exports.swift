// The interval of a probability belongs to the tests here.
@_exported import func GSLNumerics.clopperPearson
