"""Worker processes: started, fed, limited in time and memory, replaced when they die; also Dask.

What a worker does with a market is :mod:`reportgen.batch.market`.
"""
