"""What follows from the numbers of the waist without a model: limits, sums, counts, lines.

Pages print these and add nothing up themselves. They are not kept in results.json: the fields they follow from are.
"""
