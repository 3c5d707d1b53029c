-- crm_opportunity_opened counts crm_opportunity by month of opening and owner, without deleted and merged ones.
WITH {{template "people"}},
counted AS (
  SELECT o.month AS month, m.team AS team, SUM(o.records) AS deals, SUM(o.valid) AS valid, SUM(o.won) AS won, SUM(o.still_open) AS still_open,
    SUM(o.with_amount) AS with_amount, SUM(o.with_expected) AS with_expected, SUM(o.with_account) AS with_account,
    SUM(CASE WHEN o.owner <> '' THEN o.records ELSE 0 END) AS with_owner, SUM(o.with_source) AS with_source
  FROM crm_opportunity_opened o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.month BETWEEN {{first}} AND {{last}}
  GROUP BY o.month, m.team
),
per AS (
  SELECT month, team, deals, valid, won, still_open, with_amount, with_expected, with_account, with_owner, with_source FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(deals), SUM(valid), SUM(won), SUM(still_open), SUM(with_amount), SUM(with_expected), SUM(with_account), SUM(with_owner), SUM(with_source)
  FROM counted GROUP BY month
)
SELECT month, team, deals AS numerator, 1 AS denominator, deals AS n, 'opportunities' AS figure FROM per
UNION ALL SELECT month, team, won, valid, valid, 'win_rate_cohort' FROM per
UNION ALL SELECT month, team, still_open, valid, valid, 'cohort_open' FROM per
UNION ALL SELECT month, team, with_amount, deals, deals, 'complete_amount' FROM per
UNION ALL SELECT month, team, with_expected, deals, deals, 'complete_expected_close' FROM per
UNION ALL SELECT month, team, with_account, deals, deals, 'complete_account' FROM per
UNION ALL SELECT month, team, with_owner, deals, deals, 'complete_owner' FROM per
UNION ALL SELECT month, team, with_source, deals, deals, 'complete_lead_source' FROM per
