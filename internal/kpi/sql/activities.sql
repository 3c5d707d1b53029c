WITH {{template "people"}},
done AS (
  SELECT done_month, owner, author, SUM(CASE WHEN type = 'note' OR automatic = 1 OR deleted_at IS NOT NULL THEN 0 ELSE 1 END) AS n
  FROM crm_activity
  WHERE source = {{source}} AND done_month BETWEEN {{first}} AND {{last}}
  GROUP BY done_month, owner, author
),
counted AS (
  SELECT d.done_month AS month, m.team AS team, SUM(d.n) AS n
  FROM done d LEFT JOIN member m ON m.id = COALESCE(d.owner, d.author)
  GROUP BY d.done_month, m.team
)
SELECT month, team, n AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(n), 1, SUM(n) FROM counted GROUP BY month
