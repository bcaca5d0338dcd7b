"""Worker processes: started, fed, limited in time and memory, replaced when they die; also Dask.

A task that was lost to a crash or an I/O error (a failed fsync, a full disk) is tried once more, here and nowhere else.

What a worker does with a market is :mod:`reportgen.batch.market`.
"""
