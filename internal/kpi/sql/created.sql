WITH {{template "people"}},
counted AS (
  SELECT o.opened_month AS month, m.team AS team, COUNT(*) AS deals,
    SUM(CASE WHEN o.category <> 'void' THEN 1 ELSE 0 END) AS valid,
    SUM(CASE WHEN o.category = 'won' THEN 1 ELSE 0 END) AS won,
    SUM(CASE WHEN o.category = 'open' THEN 1 ELSE 0 END) AS still_open,
    SUM(CASE WHEN o.amount IS NOT NULL THEN 1 ELSE 0 END) AS with_amount,
    SUM(CASE WHEN o.expected_close_day IS NOT NULL THEN 1 ELSE 0 END) AS with_expected,
    SUM(CASE WHEN o.account <> '' THEN 1 ELSE 0 END) AS with_account,
    SUM(CASE WHEN o.owner <> '' THEN 1 ELSE 0 END) AS with_owner,
    SUM(CASE WHEN o.lead_source <> '' THEN 1 ELSE 0 END) AS with_source
  FROM crm_opportunity o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.opened_month BETWEEN {{first}} AND {{last}} AND o.deleted_at IS NULL AND o.merged_into IS NULL
  GROUP BY o.opened_month, m.team
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
